import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { changedRows, DeltaTable, field, readChanges, type DeltaStruct, type LogStore } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { MemoryStore } from '../../object-store/src/index.ts';
import { deleteRows, type DeleteReport } from './delete-rows.ts';
import { Engine } from './engine.ts';
import { uploadEngineFiles } from './engine-files.ts';
import { readFiles } from './read-files.ts';
import { OpenTable } from './engine-table.ts';
import { FileCache } from './file-cache.ts';
import { LocalFiles } from './local-files.ts';
import { unmarkedRows } from './marked-rows-sql.ts';
import { TableVectors } from './table-vectors.ts';

const schema: DeltaStruct = {
  type: 'struct',
  fields: [
    field('id', 'long'),
    field('part', 'string'),
    field('n', 'integer'),
    field('price', 'decimal(12,3)'),
    field('name', 'string'),
    field('day', 'date'),
    field('moment', 'timestamp'),
    field('ratio', 'double'),
  ],
};

/** Rows that a number tells: nulls, long texts with one beginning, times between milliseconds, NaN. */
const rowsSql = (first: number, count: number, seed: number): string => `
SELECT i AS id, 'p' || (hash(i, ${seed}) % 3) AS part, CASE WHEN hash(i, ${seed}, 1) % 6 > 0 THEN CAST(hash(i, ${seed}, 2) % 40 AS INTEGER) - 20 END AS n,
  CAST(CAST(hash(i, ${seed}, 3) % 4000 AS INTEGER) - 2000 AS DECIMAL(12,3)) / 8 AS price,
  CASE WHEN hash(i, ${seed}, 4) % 5 > 0 THEN repeat('x', CAST(hash(i, ${seed}, 5) % 2 * 40 AS INTEGER)) || chr(CAST(97 + hash(i, ${seed}, 6) % 6 AS INTEGER)) END AS name,
  DATE '2026-01-01' + CAST(hash(i, ${seed}, 7) % 30 AS INTEGER) AS day,
  TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_microseconds(CAST(hash(i, ${seed}, 8) % 5000 AS BIGINT)) AS moment,
  CASE hash(i, ${seed}, 9) % 4 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN NULL ELSE i / 8 END AS ratio
FROM range(${first}, ${first + count}) r(i)`;

const anyCondition: fc.Arbitrary<string> = fc
  .oneof(
    fc
      .record({ by: fc.constantFrom('=', '<', '<=', '>', '>=', '<>'), v: fc.integer({ min: -22, max: 22 }) })
      .map(({ by, v }) => `n ${by} ${v}`),
    fc.integer({ min: 0, max: 140 }).map((v) => `${v} > id`),
    fc.integer({ min: 0, max: 140 }).map((v) => `id BETWEEN ${v} AND ${v} + 5 OR id = ${v + 30}`),
    fc.integer({ min: -300, max: 300 }).map((v) => `price >= ${v}.125`),
    fc.constantFrom('a', 'c', 'f', 'x', 'xxx').map((v) => `name > '${v}'`),
    fc.constantFrom('b', 'd', 'e').map((v) => `name IN ('${v}', '${'x'.repeat(40)}${v}')`),
    fc.integer({ min: 1, max: 31 }).map((v) => `day < '2026-01-${String(v).padStart(2, '0')}'`),
    fc
      .integer({ min: 0, max: 5000 })
      .map((v) => `moment >= TIMESTAMPTZ '2026-01-01 00:00:00.${String(v).padStart(6, '0')}+00'`),
    fc.constantFrom('p0', 'p2').map((v) => `part = '${v}'`),
    fc.constantFrom(
      'ratio > 5',
      'ratio IS NULL',
      'name IS NULL',
      'n % 3 = 1',
      "lower(name) LIKE '%c'",
      'n > 3.5',
      'n IS NOT NULL',
      'day = moment',
      "nullif(part, 'p1') IS NULL -- why",
    ),
  )
  .chain((one) => fc.constantFrom(one, `NOT (${one}\n)`));
const anyPredicate = fc
  .array(anyCondition, { minLength: 1, maxLength: 3 })
  .chain((parts) =>
    fc.constantFrom(...['AND', 'OR'].map((by) => parts.map((part) => `(${part}\n)`).join(` ${by} `))),
  );

let cache: FileCache;
let engine: Engine;
/** A rival does its work while the first one is held by a commit. */
let rivalEngine: Engine;
let modelInstance: DuckDBInstance;
let model: DuckDBConnection;
const store = new MemoryStore();
beforeAll(async () => {
  cache = await FileCache.open(store, `delete-rows-test-${randomUUID().slice(0, 8)}`, 64 << 20);
  engine = new Engine({ folder: cache.folder, memoryBytes: 256 << 20 });
  rivalEngine = new Engine({ folder: `${cache.folder}/rival`, memoryBytes: 256 << 20 });
  modelInstance = await DuckDBInstance.create(':memory:');
  model = await modelInstance.connect();
  await model.run("SET TimeZone = 'UTC'");
});
afterAll(async () => {
  await engine.close();
  await rivalEngine.close();
  await cache.close();
  model.closeSync();
  modelInstance.closeSync();
});

const around = { store, nowMs: Date.now, newId: randomUUID };
const tools = (): { engine: Engine; cache: FileCache } => ({ engine, cache });

async function tableOf(
  configuration: Readonly<Record<string, string>>,
  partitionColumns: readonly string[] = [],
): Promise<OpenTable> {
  const root = `silver/public/${randomUUID()}`;
  const delta = await DeltaTable.create(root, { schema, partitionColumns, configuration }, around);
  return new OpenTable(delta, around);
}

/** Appends rows as files of one partition each. */
async function append(table: OpenTable, rows: string, by = engine): Promise<void> {
  const adds = await by.exclusively('writing', async (session) => {
    const isSplit = table.partitionColumns.length > 0;
    const columns = isSplit ? '* EXCLUDE (part), part AS __p0' : '*';
    const files = await session.writeParquet(
      `SELECT ${columns} FROM (${rows})`,
      'rows',
      1 << 30,
      isSplit ? ['__p0'] : [],
      { codec: 'zstd' },
    );
    const stored = schema.fields.filter(({ name }) => !table.partitionColumns.includes(name));
    const partitions = table.partitionColumns.map((name) => ({ name }));
    return await uploadEngineFiles(table, cache, files, stored, partitions);
  });
  await table.delta.commit({ actions: adds.map((add) => ({ add })), operation: 'WRITE' });
}

async function rowsOf(table: OpenTable): Promise<string[]> {
  return await engine.exclusively('reading', async (session) => {
    const local = new LocalFiles(table, cache);
    const live = [...table.delta.state.files.values()];
    const all = readFiles(
      schema.fields,
      table.partitionColumns.map((name) => ({ name })),
      await local.groups(live),
    );
    const marked = await new TableVectors(session, table, cache, local).load(live);
    const rows = await session.rows(
      `SELECT * EXCLUDE (__file, __row) FROM ${marked ? unmarkedRows(all) : all} ORDER BY id`,
    );
    return rows.map((row) => JSON.stringify(row));
  });
}

const modelRows = async (): Promise<string[]> =>
  (await model.runAndReadAll('SELECT * FROM rows ORDER BY id'))
    .getRowObjectsJson()
    .map((row) => JSON.stringify(row));

describe('rows are deleted by a condition', () => {
  test('as DuckDB deletes them from a table of its own, whatever the files, their vectors and their partitions', async () => {
    const seen = { marked: 0, rewritten: 0, emptied: 0, passed: 0 };
    await checkProperty(
      fc.asyncProperty(
        fc.record({
          vectors: fc.boolean(),
          feed: fc.boolean(),
          isSplit: fc.boolean(),
          seed: fc.nat(1_000),
          sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
          predicates: fc.array(anyPredicate, { minLength: 1, maxLength: 3 }),
        }),
        async ({ vectors, feed, isSplit, seed, sizes, predicates }) => {
          const table = await tableOf(
            {
              ...(vectors ? { 'delta.enableDeletionVectors': 'true' } : {}),
              ...(feed ? { 'delta.enableChangeDataFeed': 'true' } : {}),
            },
            isSplit ? ['part'] : [],
          );
          await model.run(`CREATE OR REPLACE TABLE rows AS ${rowsSql(0, 0, seed)}`);
          let first = 0;
          for (const size of sizes) {
            await append(table, rowsSql(first, size, seed));
            await model.run(`INSERT INTO rows ${rowsSql(first, size, seed)}`);
            first += size;
          }
          for (const where of predicates) {
            const before = (await modelRows()).length;
            const files = table.delta.state.files.size;
            await model.run(`DELETE FROM rows WHERE ${where}`);
            const wanted = await modelRows();
            const dry = await deleteRows(table, tools(), { where, dryRun: true });
            const report = await deleteRows(table, tools(), { where });
            expect({ ...dry, version: report.version }).toEqual(report);
            expect(report.rows).toBe(before - wanted.length);
            expect(report.version === null).toBe(report.rows === 0);
            expect(await rowsOf(table)).toEqual(wanted);
            if (report.version !== null && feed) expect(await toldDeleted(table, report)).toBe(report.rows);
            seen.marked += report.marked;
            seen.rewritten += report.rewritten;
            seen.emptied += report.emptied;
            seen.passed += files - report.files;
          }
        },
      ),
      { budgetMs: 20_000 },
    );
    expect(Object.values(seen).every((count) => count > 0)).toBe(true);
  }, 120_000);

  test('only in files that statistics and partition values do not rule out', async () => {
    const table = await tableOf({}, ['part']);
    for (let at = 0; at < 5; at += 1) await append(table, rowsSql(at * 100, 100, 1));
    // Whoever reads a file that is ruled out fails.
    const read: string[] = [];
    const watched = storeWith({
      get: (key: string) => {
        if (key.endsWith('.parquet')) read.push(key);
        return store.get(key);
      },
    });
    const own = await FileCache.open(watched, `delete-rows-watch-${randomUUID().slice(0, 8)}`, 64 << 20);
    const { rows } = await deleteRows(
      table,
      { engine, cache: own },
      { where: "part = 'p1' AND id BETWEEN 210 AND 250" },
    );
    await own.close();
    expect(rows).toBeGreaterThan(5);
    expect(read.length).toBe(1);
    expect(read[0]).toContain('part=p1');
  });

  test.each([
    ['id = 1) OR (true', 'syntax error'],
    ['id = 1; DROP TABLE x', 'Only SELECT'],
    ['id = 1 LIMIT 1', 'more than the condition'],
    ['id = 1 UNION SELECT 1', 'more than the condition'],
    ['id IN (SELECT 1)', 'subquery'],
    ["name = (SELECT content FROM read_text('/etc/hostname'))", 'subquery'],
    ['secret = 1', 'there is no column secret'],
    ['__row = 1', 'there is no column __row'],
    ['random() < 0.5', 'the function random'],
    ['moment < now()', 'the function now'],
    ["current_setting('home_directory') = name", 'the function current_setting'],
    ['sum(id) > 1', 'the function sum'],
    ['row_number() OVER () = 1', 'window'],
    ['id + 1', 'of the type BIGINT'],
    ['id = $1', 'parameter'],
    ['list_filter([1], x -> x > 1) = []', ''],
    ['', 'characters'],
  ])('%s is no condition', async (where, why) => {
    const table = await tableOf({});
    await expect(deleteRows(table, tools(), { where })).rejects.toMatchObject({
      code: 'LAKE_PREDICATE_INVALID',
      message: expect.stringContaining(why) as unknown,
    });
  });

  test('not from a table that is append-only', async () => {
    const table = await tableOf({ 'delta.appendOnly': 'true' });
    await append(table, rowsSql(0, 10, 1));
    await expect(deleteRows(table, tools(), { where: 'true' })).rejects.toMatchObject({
      code: 'LAKE_APPEND_ONLY',
    });
  });

  test.each([true, false])(
    'beside a rival that changes rows meanwhile: what it made to match goes too, the rest stays (vectors: %s)',
    async (vectors) => {
      const table = await tableOf(vectors ? { 'delta.enableDeletionVectors': 'true' } : {});
      await append(table, rowsSql(0, 20, 1));
      await append(table, rowsSql(100, 20, 1));
      const rival = new OpenTable((await DeltaTable.open(table.root, around)) as DeltaTable, around);
      let turn = 0;
      const disturbed = {
        ...around,
        store: storeWith({
          putIfAbsent: async (key: string, body: Uint8Array) => {
            if (turn < 2 && key.startsWith(`${table.root}/_delta_log`)) {
              turn += 1;
              // First in the same file, then an update: a row goes, and comes with a value that matches.
              if (turn === 1) await deleteRows(rival, { engine: rivalEngine, cache }, { where: 'id = 3' });
              else await updated(rival);
            }
            return store.putIfAbsent(key, body);
          },
        }),
      };
      const late = new OpenTable((await DeltaTable.open(table.root, disturbed)) as DeltaTable, disturbed);
      const { rows, version } = await deleteRows(late, tools(), { where: 'id < 10' });
      expect(turn).toBe(2);
      expect(rows).toBe(10);
      expect(version).toBe(5);
      await table.delta.refresh();
      const left = (await rowsOf(table)).map((row) => Number((JSON.parse(row) as { id: string }).id));
      expect(left).toEqual([
        ...Array.from({ length: 10 }, (_, at) => 10 + at),
        ...Array.from({ length: 19 }, (_, at) => 101 + at),
      ]);
    },
  );
});

/** The store, some of whose methods are the test's. */
function storeWith(own: Partial<LogStore>): LogStore {
  return {
    get: (key) => store.get(key),
    put: (key, body) => store.put(key, body),
    putIfAbsent: (key, body) => store.putIfAbsent(key, body),
    list: (prefix, startAfter) => store.list(prefix, startAfter),
    delete: (key) => store.delete(key),
    ...own,
  };
}

/** A rival's update of the row 100 to 5: one commit that takes a row and adds one. */
async function updated(rival: OpenTable): Promise<void> {
  await rival.delta.refresh();
  const file = [...rival.delta.state.files.values()].find(
    ({ stats }) => stats?.includes('"id":100') === true,
  );
  const other = await tableOf({});
  await append(
    other,
    `SELECT 5 AS id, * EXCLUDE (id) FROM (${rowsSql(100, 1, 1)}) UNION ALL ${rowsSql(101, 19, 1)}`,
    rivalEngine,
  );
  const [made] = other.delta.state.files.values();
  if (file === undefined || made === undefined) throw new Error('there is no file');
  const bytes = await store.get(`${other.root}/${made.path}`);
  await store.put(`${rival.root}/${made.path}`, bytes as Uint8Array);
  await rival.delta.commit({
    actions: [{ remove: { path: file.path, dataChange: true, deletionTimestamp: 1 } }, { add: made }],
    operation: 'UPDATE',
    reads: { files: new Set([file.path]), wouldRead: () => false },
  });
}

/** Deleted rows that the feed of the commit tells. */
async function toldDeleted(table: OpenTable, { version }: DeleteReport): Promise<number> {
  const changes = await readChanges(table.root, { from: { version: version as number } }, around);
  let rows = 0;
  for await (const { files } of changes?.commits() ?? []) {
    for (const file of files) {
      const { path, changeType } = file;
      const bytes = await store.get(`${table.root}/${decodeURIComponent(path)}`);
      const local = await cache.scratch(randomUUID(), bytes as Uint8Array);
      const where = changeType === null ? " WHERE _change_type = 'delete'" : '';
      expect(changeType ?? 'delete').toBe('delete');
      const [counted] = (
        await model.runAndReadAll(`SELECT count(*) FROM read_parquet('${local}')${where}`)
      ).getRows();
      const changed = await changedRows(file, { get: (key) => store.get(`${table.root}/${key}`) });
      rows += changed.selects === 'these' ? changed.rows.size : Number(counted?.[0]) - changed.rows.size;
    }
  }
  return rows;
}
