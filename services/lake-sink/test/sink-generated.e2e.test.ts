import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import {
  DeltaTable,
  field,
  GENERATION_EXPRESSION,
  schemaString,
  upgradedProtocol,
  type TableState,
} from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { readVersionedChanges } from './read-changes.ts';
import type { DeltaSnapshot } from './read-delta.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

jest.setTimeout(300_000);

const column = (name: string, number: number, type: ColumnSchema['type']): ColumnSchema => ({
  name,
  type,
  pgType: type.kind,
  origin: `7.${number}`,
});
const ID = column('id', 1, { kind: 'int32' });
const AT = column('at', 2, { kind: 'timestamp' });
const TZ = column('moment', 3, { kind: 'timestamptz' });
const COLUMNS = [ID, AT, TZ];
const tableOf = (table: string): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: COLUMNS,
  key: ['id'],
});
const ROOT = 'silver/public/orders';
/** Noon of a day of 2026. */
const noon = (day: string): bigint => BigInt(Date.parse(`2026-${day}T12:00:00Z`)) * 1000n;
const wrote = (op: Change['op'], id: number, day: string | null, more: Change['row'] = {}): Change => ({
  op,
  row: { id, at: day === null ? null : noon(day), moment: null, ...more },
});

/** What the sink writes of the table's columns, and what bronze has. */
async function stateOf(sink: SinkFixture, root = ROOT): Promise<TableState> {
  const store = createS3Store(sink.lake);
  try {
    const around = { store, nowMs: Date.now, newId: randomUUID };
    return ((await DeltaTable.open(root, around)) as DeltaTable).state;
  } finally {
    store.close();
  }
}

function settles(sink: SinkFixture, names: readonly string[], ...wanted: string[]): Promise<DeltaSnapshot> {
  return sink.until(ROOT, wanted.join(), ({ rows }) => {
    // A column that is not there is shown as one that has no value.
    const shown = (rows as readonly Record<string, string | null>[]).map((row) =>
      ['id', ...names].map((name) => row[name] ?? 'null').join(' '),
    );
    return JSON.stringify(shown.sort()) === JSON.stringify(wanted);
  });
}

/** The line that says why a table was stopped; the process goes on with the others. */
async function stopped(sink: SinkFixture, ...why: readonly string[]): Promise<string> {
  const line = await waitFor(
    `the sink to say ${why.join()}`,
    () => {
      const lines = sink.service.output.map((one) => one.replaceAll('\\"', '"'));
      const found = lines.find((one) => one.includes('LAKE_') && why.every((words) => one.includes(words)));
      return Promise.resolve(found ?? null);
    },
    { timeoutMs: 60_000 },
  );
  expect(sink.service.running).toBe(true);
  return line;
}

const generated = (columns: Record<string, string>, more: object = {}): Record<string, unknown> => ({
  'public.orders': { generated: columns, ...more },
});
const DAY = { day: 'CAST(at AS DATE)' };

describe.each([
  { way: 'files are rewritten', deletionVectors: { enabled: false } },
  { way: 'rows are marked', deletionVectors: MARK_ALWAYS },
])('generated columns, where $way', ({ deletionVectors }) => {
  test('are in new, changed and earlier rows, change with their setting and go with it', async () => {
    await using sink = await SinkFixture.create('generated', { deletionVectors });
    await using feed = await ChangeFeed.open(sink.kafka, tableOf('orders'), { partitions: 1 });
    const restart = async (tables: Record<string, unknown>, failpoint = ''): Promise<void> => {
      if (sink.service.running) await sink.service.stop();
      await sink.configure({ deletionVectors, tables });
      await sink.start(failpoint);
    };
    await sink.start();
    await feed.send(
      wrote('c', 1, '01-01'),
      wrote('c', 2, '02-02'),
      wrote('c', 3, null),
      wrote('c', 4, '04-04'),
    );
    await settles(
      sink,
      ['at'],
      '1 2026-01-01T12:00:00',
      '2 2026-02-02T12:00:00',
      '3 null',
      '4 2026-04-04T12:00:00',
    );
    await feed.send(wrote('d', 4, '04-04'));
    await settles(sink, [], '1', '2', '3');

    // Killed with the files rewritten and nothing committed: the next start does it again.
    await restart(generated(DAY, { changeDataFeed: true }), 'columns-rewritten:1');
    await feed.send(wrote('u', 1, '03-03'), wrote('c', 5, '05-05'));
    expect((await sink.service.exited).signal).toBe('SIGKILL');
    await restart(generated(DAY, { changeDataFeed: true }));
    const filled = ['1 2026-03-03', '2 2026-02-02', '3 null', '5 2026-05-05'];
    const { version } = await settles(sink, ['day'], ...filled);
    const { schema, protocol } = await stateOf(sink);
    expect(protocol.writerFeatures).toContain('generatedColumns');
    expect(schema.fields.find(({ name }) => name === 'day')).toMatchObject({
      type: 'date',
      metadata: { 'delta.generationExpression': 'CAST(`at` AS DATE)' },
    });
    const bronze = await stateOf(sink, 'bronze/public/orders');
    expect(bronze.schema.fields.map(({ name }) => name)).not.toContain('day');
    await feed.send(wrote('u', 3, '03-04'), wrote('d', 2, '02-02'), wrote('u', 5, null));
    await settles(sink, ['day'], '1 2026-03-03', '3 2026-03-04', '5 null');
    const { changes } = await readVersionedChanges(sink.lake, ROOT, version);
    const told = changes
      .filter((row) => row['id'] === '3')
      .map((row) => `${String(row['_change_type'])} ${String(row['day'])}`);
    expect(told.sort()).toEqual(['update_postimage 2026-03-04', 'update_preimage null']);

    // Another expression, of another type, and one beside it; as many rows as there are come to have them.
    await restart(generated({ day: 'year(at) * 100 + month(at)', late: 'at > coalesce(at, at)' }));
    await feed.send(wrote('c', 6, '06-06'));
    await settles(sink, ['day', 'late'], '1 202603 false', '3 202603 false', '5 null null', '6 202606 false');

    await restart({});
    await feed.send(wrote('u', 1, '07-07'));
    await settles(
      sink,
      ['at', 'day'],
      '1 2026-07-07T12:00:00 null',
      '3 2026-03-04T12:00:00 null',
      '5 null null',
      '6 2026-06-06T12:00:00 null',
    );
    expect((await stateOf(sink)).schema.fields.map(({ name }) => name)).toEqual([
      'id',
      'at',
      'moment',
      '_lsn',
      '_seq',
    ]);
  });
});

test('are made of what names partitions too, and get wider with what they are made of', async () => {
  const kind = column('kind', 4, { kind: 'string' });
  const partitionBy = ['kind'];
  await using sink = await SinkFixture.create('generated-wider', {
    tables: { 'public.orders': { partitionBy } },
  });
  const table = { ...tableOf('orders'), columns: [ID, kind, column('n', 5, { kind: 'int32' })] };
  await using feed = await ChangeFeed.open(sink.kafka, table, { partitions: 1 });
  await sink.start();
  await feed.send(
    { op: 'c', row: { id: 1, kind: 'a b', n: 1 } },
    { op: 'c', row: { id: 2, kind: 'c', n: 2_147_483_646 } },
    { op: 'c', row: { id: 3, kind: null, n: null } },
  );
  await settles(sink, ['kind'], '1 a b', '2 c', '3 null');
  await sink.service.stop();
  const columns = { tag: "kind || '-' || CAST(n AS STRING)", more: 'n + 1' };
  await sink.configure({ tables: generated(columns, { partitionBy }) });
  await sink.start();
  await feed.send({ op: 'u', row: { id: 1, kind: 'c', n: 5 } });
  await settles(sink, ['tag', 'more'], '1 c-5 6', '2 c-2147483646 2147483647', '3 null null');
  feed.alter([ID, kind, column('n', 5, { kind: 'int64' })]);
  await feed.send({ op: 'u', row: { id: 3, kind: 'd', n: 2n ** 40n } });
  const { types } = await settles(
    sink,
    ['tag', 'more'],
    '1 c-5 6',
    '2 c-2147483646 2147483647',
    '3 d-1099511627776 1099511627777',
  );
  expect(types).toMatchObject({ n: 'int64', more: 'int64', tag: 'string' });
});

test('the usual way of giving a column another type, a new one that takes its name, passes with what is made of it', async () => {
  const amount = (number: number, name: string, kind: 'int32' | 'int64'): ColumnSchema =>
    column(name, number, { kind });
  await using sink = await SinkFixture.create('generated-replaced', {
    tables: generated({ twice: 'amount * 2' }, { onDrop: 'drop' }),
  });
  const source = { ...tableOf('orders'), columns: [ID, amount(2, 'amount', 'int32')] };
  await using feed = await ChangeFeed.open(sink.kafka, source, { partitions: 1 });
  await sink.start();
  await feed.send({ op: 'c', row: { id: 1, amount: 1 } }, { op: 'c', row: { id: 2, amount: 2 } });
  await settles(sink, ['twice'], '1 2', '2 4');
  feed.alter([ID, amount(2, 'amount', 'int32'), amount(3, 'amount_new', 'int64')]);
  await feed.send({ op: 'u', row: { id: 1, amount: 1, amount_new: 1_000_000_000_000n } });
  await settles(sink, ['amount_new', 'twice'], '1 1000000000000 2', '2 null 4');
  feed.alter([ID, amount(3, 'amount', 'int64')]);
  await feed.send({ op: 'c', row: { id: 3, amount: 3n } });
  const { types } = await settles(
    sink,
    ['amount', 'twice'],
    '1 1000000000000 2000000000000',
    '2 null null',
    '3 3 6',
  );
  expect(types).toMatchObject({ amount: 'int64', twice: 'int64' });
  await sink.service.stop();
  await sink.start();
  await feed.send({ op: 'u', row: { id: 2, amount: 4n } });
  await settles(sink, ['amount', 'twice'], '1 1000000000000 2000000000000', '2 4 8', '3 3 6');
});

test('a column of the source with the name stops the table, until the setting is gone; so does a rename or drop of what it is made of', async () => {
  await using sink = await SinkFixture.create('generated-names', { tables: generated(DAY) });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('orders'), { partitions: 1 });
  await using other = await ChangeFeed.open(sink.kafka, tableOf('others'), { partitions: 1 });
  const restart = async (tables: Record<string, unknown>): Promise<void> => {
    await sink.service.stop();
    await sink.configure({ tables });
    await sink.start();
  };
  await sink.start();
  await feed.send(wrote('c', 1, '01-01'));
  await settles(sink, ['day'], '1 2026-01-01');
  feed.alter([...COLUMNS, column('day', 4, { kind: 'string' })]);
  await feed.send(wrote('u', 1, '01-02', { day: 'Friday' }));
  expect(await stopped(sink, '"day"', 'the source has a column of that name')).toContain(
    'LAKE_SCHEMA_INCOMPATIBLE',
  );
  await other.send(wrote('c', 1, '01-01'));
  await sink.until('silver/public/others', 'a row', ({ rows }) => rows.length === 1);
  const bronze = await stateOf(sink, 'bronze/public/orders');
  expect(bronze.schema.fields.map(({ name }) => name)).not.toContain('day');

  await restart(generated({ at_day: 'CAST(at AS DATE)' }));
  await settles(sink, ['day', 'at_day'], '1 Friday 2026-01-02');
  feed.alter([ID, column('made', 2, { kind: 'timestamp' }), TZ, column('day', 4, { kind: 'string' })]);
  await feed.send({ op: 'c', row: { id: 2, made: noon('03-03'), moment: null, day: null } });
  await stopped(sink, '"at_day"', 'there is no column at: it was renamed');

  await restart(generated({ at_day: 'CAST(made AS DATE)' }, { onDrop: 'drop' }));
  await settles(
    sink,
    ['made', 'at_day'],
    '1 2026-01-02T12:00:00 2026-01-02',
    '2 2026-03-03T12:00:00 2026-03-03',
  );
  feed.alter([ID, TZ, column('day', 4, { kind: 'string' })]);
  await feed.send({ op: 'c', row: { id: 3, moment: null, day: null } });
  await stopped(sink, '"at_day"', 'there is no column made: it was renamed, dropped');
  // Kept, it is null in new rows, and so is what is made of it.
  await restart(generated({ at_day: 'CAST(made AS DATE)' }, { onDrop: 'keep' }));
  await settles(sink, ['at_day'], '1 2026-01-02', '2 2026-03-03', '3 null');
});

test.each([
  ['CAST(moment AS DATE)', 'LAKE_CONSTRAINT_UNENFORCED', 'session’s own zone'],
  ['CAST(gone AS DATE)', 'LAKE_CONSTRAINT_UNENFORCED', 'there is no column gone'],
  ['upper(at)', 'LAKE_CONSTRAINT_UNENFORCED', 'other letters'],
  ['id * 2000000000', 'LAKE_CONSTRAINT_UNENFORCED', 'a row has a value on which it cannot be evaluated'],
])('%s stops its table by %s and not the others', async (expression, code, why) => {
  await using sink = await SinkFixture.create('generated-wrong', {
    tables: generated({ wrong: expression }),
  });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('orders'), { partitions: 1 });
  await using other = await ChangeFeed.open(sink.kafka, tableOf('others'), { partitions: 1 });
  await sink.start();
  await feed.send(wrote('c', 7_777_777, '01-01'));
  const line = await stopped(sink, 'wrong', why);
  expect(line).toContain(code);
  expect(sink.service.output.join('\n')).not.toContain('7777777');
  await other.send(wrote('c', 1, '01-01'));
  await sink.until('silver/public/others', 'a row', ({ rows }) => rows.length === 1);
});

/** The column as another engine declares it, in rows that have its value. */
async function declare(sink: SinkFixture, expression: string): Promise<void> {
  const store = createS3Store(sink.lake);
  try {
    const around = { store, nowMs: Date.now, newId: randomUUID };
    const table = (await DeltaTable.open(ROOT, around)) as DeltaTable;
    const { metadata, schema, protocol } = table.state;
    const own = field('tag', 'string', { [GENERATION_EXPRESSION]: expression });
    const next = {
      type: 'struct',
      fields: [...schema.fields.filter(({ name }) => name !== 'tag'), own],
    } as const;
    const upgraded = upgradedProtocol(protocol, next, metadata.configuration);
    await table.commit({
      actions: [
        { metaData: { ...metadata, schemaString: schemaString(next) } },
        ...(upgraded === null ? [] : [{ protocol: upgraded }]),
      ],
      operation: 'REPLACE COLUMNS',
    });
  } finally {
    store.close();
  }
}

test('a generated column of another engine is computed where it can be, held where the source sends it, and else stops the table', async () => {
  await using sink = await SinkFixture.create('generated-foreign', { deletionVectors: MARK_ALWAYS });
  await using feed = await ChangeFeed.open(sink.kafka, tableOf('orders'), { partitions: 1 });
  await sink.start();
  await feed.send(wrote('c', 1, null));
  await settles(sink, [], '1');
  // The sink learns of it when its commit is refused, and once more at its start.
  await declare(sink, "CASE WHEN id > 1 THEN 'n' || CAST(id AS STRING) END");
  await feed.send(wrote('c', 2, null), wrote('u', 1, '01-01'));
  await settles(sink, ['tag'], '1 null', '2 n2');
  await sink.service.stop();
  await sink.start();
  await feed.send(wrote('c', 3, null));
  await settles(sink, ['tag'], '1 null', '2 n2', '3 n3');

  feed.alter([...COLUMNS, column('tag', 4, { kind: 'string' })]);
  await feed.send(wrote('u', 2, null, { tag: 'n2' }), wrote('c', 4, null, { tag: 'n4' }));
  await settles(sink, ['tag'], '1 null', '2 n2', '3 n3', '4 n4');
  await feed.send(wrote('u', 3, null, { tag: 'another' }));
  expect(await stopped(sink, '1 new row breaks "generation of tag"')).toContain('LAKE_CONSTRAINT_BROKEN');
  await sink.service.stop();

  await declare(sink, 'upper(CAST(id AS STRING))');
  await sink.start();
  expect(await stopped(sink, '"tag"', 'other letters than A to Z')).toContain('LAKE_CONSTRAINT_UNENFORCED');
});
