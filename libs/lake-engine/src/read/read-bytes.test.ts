import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { DeltaTable, field, packCommitVectors, RowSet, type Action } from '@hasivu/delta';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { EngineSession } from '../engine-session.ts';
import { text } from '../engine-sql.ts';
import { FileCache } from '../file-cache.ts';
import { parseStatement } from '../statement-syntax.ts';
import { LakeReader } from './lake-reader.ts';
import type { TableRead } from './table-read.ts';

const ROOT = 'silver/p/t';
const DAYS = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04'];
const ROWS = 60_000;
const GROUP_ROWS = 10_240;
const MARKED = 25_000;
/** The footer, and gaps that are fetched because another request would cost as much. */
const SLACK_BYTES = 200 << 10;

let folder: string;
let store: MemoryStore;
const paths = new Map<string, string>();
beforeAll(async () => {
  // No column is made of the name of a folder.
  folder = await mkdtemp(join(tmpdir(), 'status=read-bytes-'));
  store = new MemoryStore();
  const schema = {
    type: 'struct',
    fields: [
      field('id', 'long'),
      field('status', 'string'),
      field('a', 'string'),
      field('b', 'string'),
      field('n', 'integer'),
      field('st', { type: 'struct', fields: [field('a', 'long'), field('b', 'string')] }),
      field('tail', 'string'),
      field('day', 'date'),
    ],
  } as const;
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const configuration = { 'delta.enableDeletionVectors': 'true' };
  const table = await DeltaTable.create(ROOT, { schema, partitionColumns: ['day'], configuration }, around);
  const writer = await connect();
  const { descriptors } = packCommitVectors([RowSet.of([MARKED, MARKED + 1])], randomUUID());
  const actions: Action[] = [];
  for (const [at, day] of DAYS.entries()) {
    const path = join(folder, `${day}.parquet`);
    const rows = `SELECT range + ${at * ROWS} AS id, 's' || (range // 20000) || (range % 3) AS status, md5(range::VARCHAR) AS a, md5((range + 1)::VARCHAR) AS b, (range % 1000)::INTEGER AS n, {a: range, b: 'b' || range % 5} AS st, 't' || range % 7 AS tail FROM range(${ROWS}) ORDER BY range`;
    await writer.run(
      `COPY (${rows}) TO ${text(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${GROUP_ROWS})`,
    );
    const bytes = await readFile(path);
    paths.set(day, path);
    await store.put(`${ROOT}/${day}.parquet`, bytes);
    const add = { path: `${day}.parquet`, partitionValues: { day }, size: bytes.length };
    const stats = `{"numRecords":${ROWS},"minValues":{"id":${at * ROWS}},"maxValues":{"id":${at * ROWS + ROWS - 1}},"nullCount":{"id":0}}`;
    const deletionVector = at === 0 ? { deletionVector: descriptors[0] } : {};
    actions.push({
      add: { ...add, modificationTime: 1, dataChange: true, stats, ...deletionVector },
    } as Action);
  }
  writer.closeSync();
  await table.commit({ actions, operation: 'WRITE' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let cache: FileCache;
let connection: DuckDBConnection;
let reader: LakeReader;
let session: EngineSession;
beforeEach(async () => {
  cache = await FileCache.openKept(store, join(folder, randomUUID()), 2 ** 30);
  connection = await connect();
  session = new EngineSession(connection, join(cache.folder, 'session'));
  reader = new LakeReader({ session, cache, catalogs: ['silver'], signal: new AbortController().signal });
});
afterEach(async () => {
  connection.closeSync();
  await cache.close();
});

async function connect(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', { enable_external_file_cache: 'false' });
  const opened = await instance.connect();
  await opened.run("ATTACH ':memory:' AS silver");
  return opened;
}

async function prepare(sql: string): Promise<TableRead> {
  const parsed = await parseStatement(session, sql);
  if ('mistake' in parsed) throw new Error(parsed.mistake);
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const [read] = await reader.prepare(
    parsed,
    async () => (await DeltaTable.open(ROOT, around)) as DeltaTable,
  );
  return read as TableRead;
}

async function query(sql: string): Promise<{ rows: unknown[][]; read: TableRead }> {
  const read = await prepare(sql);
  return { rows: (await connection.runAndReadAll(sql)).getRowsJson(), read };
}

/** Bytes of a column in all files, by their footers. */
async function columnBytes(column: string): Promise<number> {
  const files = [...paths.values()].map(text).join(', ');
  const answer = await connection.runAndReadAll(
    `SELECT sum(total_compressed_size)::DOUBLE FROM parquet_metadata([${files}]) WHERE path_in_schema = ${text(column)}`,
  );
  return answer.getRows()[0]?.[0] as number;
}

describe('a statement reads', () => {
  test('only the files of the partitions that it asks for', async () => {
    const { rows, read } = await query(
      "SELECT count(a), min(id) FROM silver.p.t WHERE day = '2026-01-03' AND n >= 0",
    );
    expect(rows).toEqual([[String(ROWS), String(2 * ROWS)]]);
    expect(read.files).toEqual({ read: 1, of: 4 });
  });

  test.each([
    'WITH o AS (SELECT * FROM silver.p.t) SELECT count(a), min(id) FROM o WHERE %',
    'SELECT count(a), min(id) FROM (SELECT id, day, a FROM (SELECT t.* FROM silver.p.t t ORDER BY id)) o WHERE %',
    "SELECT count(a), min(o.id) FROM (VALUES (1)) v JOIN (SELECT id, day AS d, a FROM silver.p.t) o ON o.d = '2026-01-03'",
  ])('only those files through subqueries too: %s', async (sql) => {
    const { rows, read } = await query(sql.replace('%', "day = '2026-01-03'"));
    expect(rows).toEqual([[String(ROWS), String(2 * ROWS)]]);
    expect(read.files).toEqual({ read: 1, of: 4 });
    expect(read.fetchedBytes).toBeLessThan(read.tableBytes / 3);
  });

  test('every file where rows that the condition drops have a say', async () => {
    const { rows, read } = await query(
      `SELECT count(id) FROM (SELECT id, day FROM silver.p.t ORDER BY id LIMIT ${2 * ROWS}) WHERE day = '2026-01-03'`,
    );
    expect(rows).toEqual([['2']]);
    expect(read.files).toEqual({ read: 4, of: 4 });
  });

  test('only the row groups that may hold its rows, and numbers them right where rows are marked deleted', async () => {
    const { rows, read } = await query(
      `SELECT count(*), min(a), max(b) FROM silver.p.t WHERE id BETWEEN ${MARKED - 2} AND ${MARKED + 2}`,
    );
    const kept = [MARKED - 2, MARKED - 1, MARKED + 2];
    const oracle = await connection.runAndReadAll(
      `SELECT count(*), min(a), max(b) FROM read_parquet(${text(paths.get(DAYS[0] as string) as string)}) WHERE id IN (${kept.join(', ')})`,
    );
    expect(rows).toEqual(oracle.getRowsJson());
    expect(rows[0]?.[0]).toBe('3');
    expect(read.files).toEqual({ read: 1, of: 4 });
    expect(read.rowGroups).toEqual({ read: 1, of: 6 });
    expect(read.fetchedBytes).toBeLessThan(read.tableBytes / 20);
  });

  test('only the columns that it uses', async () => {
    const { rows, read } = await query('SELECT sum(n) FROM silver.p.t');
    const all = (4 * ROWS * 999) / 2;
    expect(rows).toEqual([[String(all - (MARKED % 1000) - ((MARKED + 1) % 1000))]]);
    expect(read.columns).toEqual({ read: 1, of: 8 });
    const least = await columnBytes('n');
    expect(read.fetchedBytes).toBeGreaterThan(least);
    expect(read.fetchedBytes).toBeLessThan(least + 4 * SLACK_BYTES);
    expect(read.fetchedBytes).toBeLessThan(read.tableBytes / 4);
  });

  test('no file at all to count rows, by partition too', async () => {
    const total = await query('SELECT count(*) FROM silver.p.t');
    expect([total.rows, total.read.fetchedBytes]).toEqual([[[String(4 * ROWS - 2)]], 0]);
    const { rows, read } = await query(
      "SELECT day, count(*) FROM silver.p.t WHERE day < '2026-01-03' GROUP BY day ORDER BY day",
    );
    expect(rows).toEqual([
      ['2026-01-01', String(ROWS - 2)],
      ['2026-01-02', String(ROWS)],
    ]);
    expect([read.files.read, read.fetchedBytes]).toEqual([0, 0]);
  });

  test('only the row groups whose bloom filters may have the value; the engine reads those of its columns', async () => {
    const { rows, read } = await query("SELECT count(*) FROM silver.p.t WHERE status = 's11' AND id < 60000");
    expect(rows[0]?.[0]).toBe('6665');
    // The texts are in order: most groups cannot hold this one.
    expect(read.rowGroups).toEqual({ read: 3, of: 6 });
    // Between two that are there: bounds cannot tell.
    const absent = await query("SELECT count(*) FROM silver.p.t WHERE status IN ('s11x', 's0x')");
    expect([absent.rows, absent.read.rowGroups]).toEqual([[['0']], { read: 0, of: 24 }]);
    // The engine's probe takes another column's filter for that of a column behind a nested one.
    const behind = await query("SELECT count(*) FROM silver.p.t WHERE tail = 't3' AND id < 60000");
    expect(behind.rows).toEqual([
      [String(Math.ceil((ROWS - 3) / 7) - [MARKED, MARKED + 1].filter((row) => row % 7 === 3).length)],
    ]);
  });
});

test('what was not fetched cannot be read: it is an error, never zeros', async () => {
  await prepare('SELECT sum(n) FROM silver.p.t');
  await expect(connection.runAndReadAll('SELECT max(a) FROM silver.p.t')).rejects.toThrow(/Invalid/u);
  await prepare('SELECT count(*) FROM silver.p.t');
  await expect(connection.runAndReadAll('SELECT max(a) FROM silver.p.t')).rejects.toThrow(/not fetched/u);
});

test('a file of which most is needed is fetched whole and stays; the next statement fetches nothing of it', async () => {
  const sql = "SELECT max(a), max(b) FROM silver.p.t WHERE day = '2026-01-02'";
  const { read } = await query(sql);
  expect(read.fetchedBytes).toBeGreaterThan(read.tableBytes / 5);
  expect((await query(sql)).read.fetchedBytes).toBe(0);
});

test('what one statement made readable is gone with the next', async () => {
  await query("SELECT count(a) FROM silver.p.t WHERE day = '2026-01-02'");
  const parsed = await parseStatement(session, 'SELECT 1');
  await reader.prepare(parsed as Exclude<typeof parsed, { mistake: string }>, () => {
    throw new Error('no table is named');
  });
  await expect(connection.runAndReadAll('SELECT count(a) FROM silver.p.t')).rejects.toThrow(/Catalog/u);
});
