import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import { DeltaTable, field, parseSchema, schemaString, type DeltaField } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { waitFor } from '@hasivu/testing';
import { ChangeFeed } from './change-feed.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

const orders: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'status', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};
const ROOT = 'silver/public/orders';

/** Columns with defaults as Spark's ALTER TABLE stores them; present ones get the new default. */
async function declare(sink: SinkFixture, ...columns: readonly DeltaField[]): Promise<void> {
  const store = createS3Store(sink.lake);
  try {
    const table = (await DeltaTable.open(ROOT, { store, nowMs: Date.now, newId: randomUUID })) as DeltaTable;
    const { metadata, schema } = table.state;
    const names = new Set(columns.map(({ name }) => name));
    const fields = [...schema.fields.filter(({ name }) => !names.has(name)), ...columns];
    const writerFeatures = ['appendOnly', 'invariants', 'allowColumnDefaults', 'deletionVectors'];
    const readerFeatures = ['deletionVectors'];
    await table.commit({
      actions: [
        { metaData: { ...metadata, schemaString: schemaString({ type: 'struct', fields }) } },
        { protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures } },
      ],
      operation: 'ADD COLUMNS',
    });
    expect(parseSchema(table.state.metadata.schemaString).fields).toHaveLength(fields.length);
  } finally {
    store.close();
  }
}

const defaulted = (name: string, type: string, expression: string): DeltaField =>
  field(name, type, { CURRENT_DEFAULT: expression });

const ways = [
  { way: 'files are rewritten', deletionVectors: { enabled: false } },
  { way: 'rows are marked', deletionVectors: MARK_ALWAYS },
];

describe.each(ways)('columns with defaults that another writer added, where $way', ({ deletionVectors }) => {
  test('have the default in new rows, and what they had in rows that change', async () => {
    await using sink = await SinkFixture.create('defaults', { deletionVectors });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
    const settles = (...wanted: string[]): Promise<unknown> =>
      sink.until(ROOT, wanted.join(), ({ rows }) => {
        const shown = rows.map((row) =>
          ['id', 'status', 'region', 'score'].map((name) => String(row[name])).join(' '),
        );
        return JSON.stringify(shown.sort()) === JSON.stringify(wanted);
      });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 1, status: 'new' } }, { op: 'c', row: { id: 2, status: 'new' } });
    await sink.until(ROOT, 'rows', ({ rows }) => rows.length === 2);
    await sink.service.stop();

    await declare(
      sink,
      defaulted('region', 'string', "'E''U'"),
      defaulted('score', 'decimal(6,2)', '1 + 1.5'),
    );
    await sink.start();
    await feed.send({ op: 'c', row: { id: 3, status: 'new' } }, { op: 'u', row: { id: 1, status: 'paid' } });
    await settles('1 paid null null', '2 new null null', "3 new E'U 2.50");
    await sink.service.stop();

    await declare(sink, defaulted('region', 'string', "'US'"), defaulted('score', 'decimal(6,2)', 'NULL'));
    await sink.start();
    await feed.send({ op: 'u', row: { id: 3, status: 'paid' } }, { op: 'c', row: { id: 4, status: 'new' } });
    await settles('1 paid null null', '2 new null null', "3 paid E'U 2.50", '4 new US null');
    await sink.service.stop();

    await declare(sink, defaulted('region', 'string', 'upper(uuid())'));
    await sink.start();
    await feed.send({ op: 'c', row: { id: 5, status: 'new' } });
    const line = await waitFor(
      'the table to be stopped',
      () => Promise.resolve(sink.service.output.find((one) => one.includes('default of region')) ?? null),
      { timeoutMs: 60_000 },
    );
    expect(line).toContain('LAKE_CONSTRAINT_UNENFORCED');
    expect(sink.service.running).toBe(true);
  });
});
