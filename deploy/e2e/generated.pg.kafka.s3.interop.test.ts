import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { DeltaTable } from '@hasivu/delta';
import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import { sparkJars } from '@hasivu/peers';
import { PythonSession, stack } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { LakeCopy } from './lake-copy.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const MAIN = join(import.meta.dirname, '../../services/cli/src/main.ts');
const ROWS = 2_000;
const TABLE = 'create table items (id bigint primary key, at timestamp, amount numeric(10,2), words text)';
const FILL = `insert into items select g, timestamp '1969-12-20 23:59:59.5' + g * interval '7 hours', g * 0.37, case when g % 9 > 0 then md5(g::text) || 'é' end
  from generate_series(1, $1::int) g`;
/** Column → type, and what it is computed by. */
const GENERATED = {
  day: ['DATE', 'CAST(at AS DATE)'],
  bucket: ['BIGINT', 'id % 16'],
  total: ['DECIMAL(14,4)', 'amount * 1.20'],
  tag: ['STRING', "substring(words, 1, 2) || '-' || CAST(id AS STRING)"],
  kind: ['STRING', "CASE WHEN amount > 100.00 THEN 'big' WHEN words IS NOT NULL THEN 'small' END"],
} as const;
const BASE = [
  'id BIGINT',
  'at TIMESTAMP_NTZ',
  'amount DECIMAL(10,2)',
  'words STRING',
  '_lsn BIGINT',
  '_seq BIGINT',
];
const NAMES = Object.keys(GENERATED).join(', ');

interface Answer<T> {
  readonly answer?: T;
  readonly refused?: string;
}

let store: ObjectStore;
let python: PythonSession;
beforeAll(async () => {
  store = createS3Store(stack().s3);
  const env = { JARS: await sparkJars(() => undefined), ZONE: 'America/Los_Angeles' };
  const options = { requirements: 'requirements-interop.txt', env } as const;
  python = await PythonSession.open(join(import.meta.dirname, 'spark_sql.py'), options);
}, 600_000);
afterAll(async () => {
  await python[Symbol.asyncDispose]();
  store.close();
});

const ask = <T>(engine: string, what: string, copy: LakeCopy, more: object): Promise<Answer<T>> =>
  python.ask<Answer<T>>({ engine, do: what, path: copy.dir, ...more });

async function sparkRuns(copy: LakeCopy, ...sql: readonly string[]): Promise<string | undefined> {
  return (await ask('spark', 'run', copy, { sql })).refused;
}

/** Spark agrees on every value, and the other readers show what it shows. @returns how many rows there are */
async function alike(copy: LakeCopy, when: string): Promise<number> {
  const wrong = Object.entries(GENERATED).map(([name, [, sql]]) => `count_if(NOT (${name} <=> (${sql})))`);
  const counted = await ask<number[][]>('spark', 'rows', copy, {
    sql: `SELECT ${wrong.join(', ')} FROM \`t\``,
  });
  expect({ when, wrong: counted }).toEqual({ when, wrong: { answer: [wrong.map(() => 0)] } });
  const sql = (from: string): object => ({ sql: `SELECT id, ${NAMES} FROM ${from} ORDER BY id` });
  const wanted = await ask<unknown[][]>('spark', 'rows', copy, sql('`t`'));
  expect(await ask('deltalake', 'rows', copy, sql('t'))).toEqual(wanted);
  expect(await ask('duckdb', 'rows', copy, { sql: `SELECT id, ${NAMES} from t ORDER BY id` })).toEqual(
    wanted,
  );
  return wanted.answer?.length ?? 0;
}

class Turns {
  readonly pipeline: PipelineUnderTest;
  readonly copy: LakeCopy;
  readonly root: string;

  constructor(pipeline: PipelineUnderTest) {
    this.pipeline = pipeline;
    this.root = `${pipeline.lakePrefix}/silver/public/items`;
    this.copy = new LakeCopy(store, this.root);
  }

  /** The changes are in silver, by the sink, and every reader sees them there. */
  async ours(when: string, ...changes: readonly string[]): Promise<void> {
    for (const change of changes) await this.pipeline.query(change);
    await this.pipeline.start('lake-sink');
    await this.pipeline.silverEventuallyEquals('public.items', ['id']);
    await this.pipeline.service('lake-sink').stop();
    await this.copy.pull();
    const [row] = await this.pipeline.query<{ n: string }>('select count(1) as n from items');
    expect(await alike(this.copy, when)).toBe(Number(row?.n));
  }

  /** Spark writes, and the sink writes on over both. */
  async sparks(when: string, statements: readonly string[], changes: readonly string[]): Promise<void> {
    expect(await sparkRuns(this.copy, ...statements)).toBeUndefined();
    await alike(this.copy, `${when}, by Spark`);
    await this.copy.push();
    await this.ours(`${when}, then by the sink`, ...changes);
  }

  async hasivu(...words: string[]): Promise<Record<string, number>> {
    const args = [MAIN, 'lake', ...words, '--json', '-f', this.pipeline.configPath];
    const env = { ...process.env, NODE_OPTIONS: '', HASIVU_STATE_DIR: `${this.copy.dir}-state` };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    return JSON.parse(stdout) as Record<string, number>;
  }

  /** The keeper's works, none of which computes anything. */
  async kept(when: string): Promise<void> {
    // Sorted otherwise, since what was rewritten file by file may be one already.
    const sorted = await this.hasivu('optimize', 'silver/public/items', '--zorder-by', 'bucket,day');
    expect(sorted['filesAdded']).toBeGreaterThan(0);
    await this.copy.pull();
    const rows = await alike(this.copy, `${when}, compacted`);
    const deleted = await this.hasivu(
      'delete',
      'silver.public.items',
      '--where',
      `day < '1970-01-03' OR kind = 'none'`,
      '--yes',
    );
    expect(deleted['rows']).toBeGreaterThan(0);
    await this.copy.pull();
    expect(await alike(this.copy, `${when}, deleted`)).toBe(rows - (deleted['rows'] ?? 0));
    await this.pipeline.query(`delete from items where at < '1970-01-03'`);
  }
}

const LAKE = { deletionVectors: { minFileBytes: 0, maxDeletedShare: 0.9 } };
const generated = Object.fromEntries(Object.entries(GENERATED).map(([name, [, sql]]) => [name, sql]));

test.each([
  { way: 'rows are marked', deletionVectors: true },
  { way: 'files are rewritten', deletionVectors: false },
])(
  'generated columns of silver, where $way, are computed and held by Spark in turns with the sink',
  async ({ deletionVectors }) => {
    await using pipeline = await PipelineUnderTest.create({
      name: `generated${Number(deletionVectors)}`,
      tables: ['public.items'],
      tableSettings: { 'public.items': { deletionVectors, generated } },
    });
    pipeline.reconfigure({ lake: LAKE });
    const turns = new Turns(pipeline);
    using copy = turns.copy;
    await pipeline.query(TABLE);
    await pipeline.query(FILL, [ROWS]);
    await pipeline.start('cdc-source');
    await turns.ours('as the sink made it');
    await turns.ours(
      'changed by the sink',
      `update items set at = at + interval '1 day', amount = -amount where id % 7 = 0`,
      'delete from items where id % 11 = 0',
    );

    const values = "100001, TIMESTAMP_NTZ '2026-05-05 23:30:00', 12.34, 'words', 1, 1";
    const insert = (names: string, more: string): string =>
      `INSERT INTO \`t\` (id, at, amount, words, _lsn, _seq${names}) VALUES (${values}${more})`;
    expect(await sparkRuns(copy, insert(', day', ", DATE '2026-05-06'"))).toMatch(
      /CHECK constraint .*day|violated/u,
    );
    expect(await sparkRuns(copy, insert(', day', ', NULL'))).toMatch(/CHECK constraint .*day|violated/u);
    await turns.sparks(
      'in turns',
      [
        insert(', day', ", DATE '2026-05-05'"),
        insert('', '').replace('100001', '100002'),
        "UPDATE `t` SET at = at + INTERVAL '30' HOUR, words = 'by Spark' WHERE id % 13 = 0",
        'DELETE FROM `t` WHERE id % 17 = 0',
      ],
      [
        `insert into items values (100001, '2026-05-05 23:30:00', 12.34, 'words'), (100002, '2026-05-05 23:30:00', 12.34, 'words')`,
        `update items set at = at + interval '30 hours', words = 'by Spark' where id % 13 = 0`,
        'delete from items where id % 17 = 0',
        `update items set amount = amount + 100 where id % 5 = 0`,
      ],
    );
    await turns.kept('as ours');
    await turns.ours('after the keeper', `update items set words = 'last' where id % 3 = 0`);

    // deltalake 1.6.6 computes what is left out, and holds what is given.
    const row = {
      id: [100_003],
      at: ['2026-05-05T23:30:00'],
      amount: ['1.00'],
      words: ['x'],
      _lsn: [1],
      _seq: [1],
    };
    const append = (columns: object): Promise<Answer<null>> => ask('deltalake', 'append', copy, { columns });
    const theirs = { without: await append(row), wrong: await append({ ...row, bucket: [5] }) };
    expect(theirs).toEqual({
      without: { answer: null },
      wrong: { refused: expect.stringContaining('1 rows failed validation check') as unknown },
    });
    await alike(copy, 'by deltalake');
  },
  1_800_000,
);

test('a table of Spark’s with generated columns is written by the sink and the keeper, and Spark agrees on every value', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'generatedbyspark',
    tables: ['public.items'],
    tableSettings: { 'public.items': { deletionVectors: true } },
  });
  pipeline.reconfigure({ lake: LAKE });
  const turns = new Turns(pipeline);
  using copy = turns.copy;
  const columns = [
    ...BASE.map((own) => own.split(' ')).map(([name, type]) => [name, type, null]),
    ...Object.entries(GENERATED).map(([name, [type, sql]]) => [name, type, sql]),
  ];
  expect(await ask('spark', 'create', copy, { columns })).toEqual({ answer: null });
  await copy.push();
  await pipeline.query(TABLE);
  await pipeline.query(FILL, [ROWS]);
  await pipeline.start('cdc-source');
  await turns.ours('filled by the sink');
  await turns.ours(
    'changed by the sink',
    `update items set at = null, words = words || '!' where id % 7 = 0`,
    'delete from items where id % 11 = 0',
  );
  await turns.sparks(
    'in turns',
    ['UPDATE `t` SET amount = amount * 2 WHERE id % 13 = 0'],
    [
      'update items set amount = amount * 2 where id % 13 = 0',
      `update items set amount = amount + 1 where id % 5 = 0`,
    ],
  );
  await turns.kept('as Spark’s');
  await turns.ours('at last', `update items set words = 'last' where id % 3 = 0`);
  const table = await DeltaTable.open(turns.root, { store, nowMs: Date.now, newId: randomUUID });
  expect(table?.state.protocol.writerFeatures).toContain('generatedColumns');
}, 1_800_000);
