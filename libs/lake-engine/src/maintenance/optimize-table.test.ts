import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  field,
  markedFile,
  packCommitVectors,
  RowSet,
  type AddFile,
  type DeletionVector,
  VECTORS_PROPERTY,
} from '@hasivu/delta';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { filesByPartition, TableBench } from '../../test/table-bench.ts';
import { setProperties } from '../table-properties.ts';
import type { OpenTable } from '../index.ts';
import { OPTIMIZE_ALL, type OptimizeRule } from './core/optimize-plan.ts';
import { optimizeTable, type OptimizeOptions, type OptimizeReport } from './optimize-table.ts';

const STATE = [field('id', 'long'), field('note', 'string'), field('_lsn', 'long'), field('_seq', 'long')];
const LOG = [...STATE, field('_op', 'string')];
const KEYED = { 'hasivu.key': '["id"]' };

let bench: TableBench;
let names = 0;
beforeAll(async () => {
  bench = await TableBench.open(new MemoryStore());
});
afterAll(() => bench[Symbol.asyncDispose]());

const freshRoot = (layer: string): string => `${layer}/public/t${(names += 1)}`;
const rows = (from: number, to: number, lsn = from): string =>
  `SELECT i::BIGINT AS id, 'note ' || md5(i::VARCHAR) AS note, ${lsn}::BIGINT AS _lsn, i::BIGINT AS _seq, 'c' AS _op FROM range(${from}, ${to}) r(i)`;

function optimize(
  table: OpenTable,
  rule: Partial<OptimizeRule> = {},
  more: Partial<OptimizeOptions> = {},
): Promise<OptimizeReport> {
  return optimizeTable(bench.tools(table), {
    rule: { ...OPTIMIZE_ALL, ...rule },
    nowMs: () => bench.nowMs,
    ...more,
  });
}

async function logTable(files: number, perFile = 100): Promise<OpenTable> {
  const table = await bench.create({ root: freshRoot('bronze'), fields: LOG });
  for (let n = 0; n < files; n += 1) await bench.append(table, rows(n * perFile, (n + 1) * perFile));
  return table;
}

describe('a compaction', () => {
  test('makes small files one, in the order of the log, without a change of data; repeated it does nothing', async () => {
    const table = await logTable(12);
    const before = await bench.digest(table);
    const report = await optimize(table);
    expect(report).toMatchObject({ filesRemoved: 12, filesAdded: 1, commits: 1, dropped: 0, stopped: false });
    const fresh = await bench.reopen(table.root);
    expect(await bench.digest(fresh)).toBe(before);
    expect(
      await bench.query(
        fresh,
        'SELECT count(1) AS n FROM (SELECT _lsn < lag(_lsn) OVER (ORDER BY __row) AS back FROM t) WHERE back',
      ),
    ).toEqual([{ n: '0' }]);
    const version = fresh.delta.state.version;
    const [entry] = await fresh.delta.history(1);
    expect(entry?.commitInfo).toMatchObject({
      operation: 'OPTIMIZE',
      operationParameters: { predicate: '[]', zOrderBy: '[]', clusterBy: '[]', auto: 'false' },
      operationMetrics: { numRemovedFiles: '12', numAddedFiles: '1', numDeletionVectorsRemoved: '0' },
      isBlindAppend: false,
    });
    const commit = Buffer.from(
      (await bench.store.get(`${table.root}/_delta_log/${String(version).padStart(20, '0')}.json`)) ?? [],
    ).toString();
    expect(commit.match(/"dataChange":false/gu)).toHaveLength(13);
    expect(commit).not.toContain('"dataChange":true');
    expect(await optimize(fresh)).toMatchObject({ filesRemoved: 0, commits: 0 });
    expect(fresh.delta.state.version).toBe(version);
  });

  test('purges marked rows, names the vector that goes, and takes a file without rows away', async () => {
    const table = await bench.create({ root: freshRoot('silver'), fields: STATE, configuration: KEYED });
    for (const from of [0, 1_000, 2_000]) await bench.append(table, rows(from, from + 1_000));
    expect(await bench.mark(table, 'id < 1000 OR id % 10 = 3')).toBe(1_200);
    const before = await bench.digest(table);
    const vectors = [...table.delta.state.files.values()].map((file) => file.deletionVector);
    // Nothing is small by this target: only the marked rows are a reason.
    const report = await optimize(table, { targetBytes: 1, clusterBy: [] });
    expect(report).toMatchObject({ filesRemoved: 3, filesAdded: 2, vectorsRemoved: 3 });
    const fresh = await bench.reopen(table.root);
    expect(await bench.digest(fresh)).toBe(before);
    expect([...fresh.delta.state.files.values()].every((file) => file.deletionVector === undefined)).toBe(
      true,
    );
    const gone = [...fresh.delta.state.tombstones].map((one) => one.deletionVector);
    expect(gone).toEqual(expect.arrayContaining(vectors));
  });

  test('stays within a partition and keeps its value', async () => {
    const table = await bench.create({
      root: freshRoot('silver'),
      fields: [...STATE, field('day', 'date')],
      partitionColumns: ['day'],
      configuration: KEYED,
    });
    for (let n = 0; n < 9; n += 1)
      await bench.append(table, rows(n * 10, n * 10 + 10), {
        day: n % 3 === 2 ? null : `2026-01-0${1 + (n % 3)}`,
      });
    const before = await bench.digest(table);
    expect(await optimize(table)).toMatchObject({ filesRemoved: 9, filesAdded: 3 });
    expect([...filesByPartition(table).values()].map((files) => files.length)).toEqual([1, 1, 1]);
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });

  test('reads files that lack a later column or hold a narrower one', async () => {
    const table = await bench.create({ root: freshRoot('bronze'), fields: LOG });
    await bench.append(table, rows(0, 10));
    const { metadata, schema } = table.delta.state;
    const wider = { type: 'struct', fields: [...schema.fields, field('later', 'integer')] };
    await table.delta.commit({
      actions: [{ metaData: { ...metadata, schemaString: JSON.stringify(wider) } }],
      operation: 'ADD COLUMNS',
    });
    await bench.append(table, `SELECT r.*, 7::INTEGER AS later FROM (${rows(10, 20)}) r`);
    const before = await bench.digest(table);
    expect(await optimize(table)).toMatchObject({ filesRemoved: 2, filesAdded: 1 });
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });

  test.each(['name', 'id'])(
    'keeps the columns of a table that maps them by %s, sorted or not, and its partitions',
    async (mode) => {
      const table = await bench.create({
        root: freshRoot('silver'),
        fields: [...STATE, field('day', 'date')],
        partitionColumns: ['day'],
        configuration: { ...KEYED, 'delta.columnMapping.mode': mode },
      });
      for (let n = 0; n < 6; n += 1)
        await bench.append(table, rows(n * 100, n * 100 + 100), { day: `2026-01-0${1 + (n % 2)}` });
      await bench.mark(table, 'id % 5 = 0');
      const before = await bench.digest(table);
      expect(await optimize(table)).toMatchObject({ filesRemoved: 6, filesAdded: 2 });
      expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
      expect(await optimize(table, { clusterBy: ['note', 'id'] })).toMatchObject({ filesAdded: 2 });
      expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
      expect(await optimize(table, { clusterBy: ['note', 'id'] })).toMatchObject({ commits: 0 });
    },
  );

  test('with a predicate leaves the other files alone', async () => {
    const table = await logTable(6);
    const kept = [...table.delta.state.files.keys()].slice(0, 3);
    const where = {
      predicate: 'the last three',
      takesIn: () => Promise.resolve(({ path }: { path: string }) => !kept.includes(path)),
    };
    expect(await optimize(table, {}, { where })).toMatchObject({ filesRemoved: 3, filesAdded: 1 });
    for (const path of kept) expect(table.delta.state.files.has(path)).toBe(true);
    const [entry] = await table.delta.history(1);
    expect(entry?.commitInfo?.operationParameters).toMatchObject({ predicate: '["the last three"]' });
  });

  test('stopped between two units commits what is done and says so', async () => {
    const table = await bench.create({
      root: freshRoot('bronze'),
      fields: [...LOG, field('part', 'string')],
      partitionColumns: ['part'],
    });
    for (let n = 0; n < 40; n += 1)
      await bench.append(table, rows(n * 10, n * 10 + 10), { part: `p${n % 20}` });
    const before = await bench.digest(table);
    const stop = new AbortController();
    const report = await optimize(table, {}, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(report).toMatchObject({ filesRemoved: 32, filesAdded: 16, commits: 1, stopped: true });
    expect(await bench.digest(await bench.reopen(table.root))).toBe(before);
  });

  test('that would lose a row is refused, and nothing of it is seen', async () => {
    const table = await logTable(2);
    const file = [...table.delta.state.files.values()][0] as AddFile;
    const stats = (file.stats ?? '').replace('"numRecords":100', '"numRecords":101');
    await table.delta.commit({
      actions: [{ add: { ...file, stats } }],
      operation: 'COMPUTE STATS',
    });
    const { version } = table.delta.state;
    await expect(optimize(table)).rejects.toMatchObject({ code: 'LAKE_REWRITE_MISMATCH' });
    expect((await bench.reopen(table.root)).delta.state.version).toBe(version);
  });
});

describe('beside writers', () => {
  /** Does something once, between the reading of the files and their commit. */
  function beforeUpload(work: () => Promise<void>): Disposable {
    const store = bench.store as MemoryStore;
    const original = store.putFile.bind(store);
    let done = false;
    store.putFile = async (key, path) => {
      if (!done) {
        done = true;
        await work();
      }
      await original(key, path);
    };
    return { [Symbol.dispose]: () => void (store.putFile = original) };
  }

  /** Not through the bench's engine, which the compaction holds: by the library alone. */
  async function markFirst(sink: OpenTable, rowsGone: number): Promise<void> {
    const file = [...sink.delta.state.files.values()][0] as AddFile;
    const gone = new RowSet();
    for (let row = 0; row < rowsGone; row += 1) gone.add(row);
    const { descriptors } = packCommitVectors([gone], bench.around.newId());
    const actions = markedFile(file, descriptors[0] as DeletionVector, bench.nowMs);
    await sink.delta.commit({
      actions: [...setProperties(sink.delta, { [VECTORS_PROPERTY]: 'true' }), ...actions],
      operation: 'MERGE',
    });
  }

  test('a file that lost rows meanwhile is left out and compacted with the next plan; rows do not come back', async () => {
    const table = await bench.create({ root: freshRoot('silver'), fields: STATE, configuration: KEYED });
    for (let n = 0; n < 4; n += 1) await bench.append(table, rows(n * 100, n * 100 + 100));
    const sink = await bench.reopen(table.root);
    using _ = beforeUpload(() => markFirst(sink, 50));
    const report = await optimize(table, { maxDeletedShare: 0.9 });
    expect(report).toMatchObject({ dropped: 1, filesRemoved: 4, filesAdded: 1 });
    const fresh = await bench.reopen(table.root);
    expect(await bench.query(fresh, 'SELECT count(1) AS n, min(id) AS least FROM t')).toEqual([
      { n: '350', least: '50' },
    ]);
  });

  test('rows that are appended meanwhile stay, and the appender does not wait', async () => {
    const table = await logTable(4);
    const sink = await bench.reopen(table.root);
    const txn = { appId: 'sink', version: 9 };
    using _ = beforeUpload(
      async () => void (await sink.delta.commit({ actions: [{ txn }], operation: 'STREAMING UPDATE' })),
    );
    expect(await optimize(table)).toMatchObject({ filesAdded: 1, dropped: 0 });
    const fresh = await bench.reopen(table.root);
    expect(fresh.delta.state.txns.get('sink')?.version).toBe(9);
    expect(await bench.query(fresh, 'SELECT count(1) AS n FROM t')).toEqual([{ n: '400' }]);
  });

  test('a schema that changed meanwhile ends the plan, and the next one is made for it', async () => {
    const table = await logTable(3);
    const sink = await bench.reopen(table.root);
    using _ = beforeUpload(async () => {
      const { metadata, schema } = sink.delta.state;
      const wider = { type: 'struct', fields: [...schema.fields, field('later', 'integer')] };
      await sink.delta.commit({
        actions: [{ metaData: { ...metadata, schemaString: JSON.stringify(wider) } }],
        operation: 'ADD COLUMNS',
      });
    });
    expect(await optimize(table)).toMatchObject({ dropped: 1, commits: 1, filesAdded: 1 });
    expect(
      await bench.query(await bench.reopen(table.root), 'SELECT count(1) AS n, count(later) AS l FROM t'),
    ).toEqual([{ n: '300', l: '0' }]);
  });
});
