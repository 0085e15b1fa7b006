import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ColumnMapping } from '@hasivu/delta';
import { MemoryStore } from '@hasivu/object-store';
import { Engine, FileCache, LocalFiles, text, type PartitionFiles } from '@hasivu/lake-engine';
import { historyTargets, type HistoryForm } from '../core/history/history-form.ts';
import { historyFields, historyLayout, historyPartitions } from '../core/history/history-layout.ts';
import { LOG_COLUMNS, STATE_COLUMNS } from '../core/lake-columns.ts';
import { historyBit } from '../core/row-batch.ts';
import { tableFields, type TableShape } from '../core/table-shape.ts';
import { partOf, WIDE_SHAPE, wideFile, wideValue, type WideChange } from '../../test/wide-changes.ts';
import { advanceHistory } from './history-advance.ts';
import { HistoryMerger } from './history-merger.ts';
import { LakeTable } from './lake-table.ts';
import { KeyIndexes } from './key-index/key-indexes.ts';
import { StateMerger } from './state-merger.ts';

const BARE: HistoryForm = {
  type: 2,
  root: 'history',
  track: null,
  ignore: [],
  retain: null,
  overwrite: [],
  previous: [],
};

// Values of some times what the engine may hold, in one merge: of ten times in the long form.
const TIMES = process.env['HASIVU_SUITE'] === 'storm' ? 10 : 3;
const ENGINE_BYTES = 40e6;
const ROWS = 800 * TIMES;
const VALUE_BYTES = 50_000;

// Hundreds of megabytes go through the engine several times.
jest.setTimeout(400_000);

const store = new MemoryStore();
let names = 0;
const around = { store, nowMs: () => 1_790_000_000_000, newId: randomUUID };
let folder = '';
let cache: FileCache;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wide-merges-'));
  cache = await FileCache.open(store, 'wide-merges', 2 ** 30);
  engine = new Engine({ folder, memoryBytes: ENGINE_BYTES });
});
afterAll(async () => {
  await engine.close();
  await cache.close();
  await rm(folder, { recursive: true, force: true });
});

/** Every row once, in an order that is not the key's. */
const inserts: readonly WideChange[] = Array.from({ length: ROWS }, (_, at) => ({
  id: (at * 7919) % ROWS,
  op: 'c',
  lsn: 1,
}));
/** Of rows all over the table, so that all of its files are rewritten. */
const updates: readonly WideChange[] = inserts
  .filter(({ id }) => id % 40 === 0)
  .map(({ id }) => ({ id, op: 'u', lsn: 2 }));

/** The batch's files, one per partition of the table. */
async function scratch(
  shape: TableShape,
  changes: readonly WideChange[],
  offset: number,
): Promise<PartitionFiles[]> {
  const isSplit = shape.partitions.length > 0;
  const files: PartitionFiles[] = [];
  for (const [part, own] of Map.groupBy(changes, (change) => (isSplit ? partOf(change) : ''))) {
    const bytes = wideFile(shape, own, VALUE_BYTES, offset);
    const path = await cache.scratch(`wide-${(names += 1)}`, bytes);
    files.push({ partitionValues: isSplit ? { part } : {}, columns: ColumnMapping.NONE, paths: [path] });
  }
  return files;
}

/** The live rows with the MD5 of their wide value, a row group at a time. */
async function stored(table: LakeTable, columns: string, where = 'true'): Promise<string[]> {
  const local = new LocalFiles(table, cache);
  const groups = await local.groups([...table.delta.state.files.values()]);
  const paths = groups.flatMap((group) => group.paths.map(text)).join(', ');
  const rows = await engine.exclusively('reading', (session) =>
    session.rows(
      `SELECT concat_ws(' ', ${columns}, md5(big)) AS row FROM read_parquet([${paths}], union_by_name = true) WHERE ${where}`,
    ),
  );
  return rows.map((row) => row['row'] as string).sort();
}

const digests = new Map<string, string>();
function digest(change: WideChange): string {
  const name = `${change.id} ${change.lsn}`;
  const known = digests.get(name);
  if (known !== undefined) return known;
  const value = createHash('md5').update(wideValue(change, VALUE_BYTES)).digest('hex');
  digests.set(name, value);
  return value;
}

const updated = new Set(updates.map(({ id }) => id));
const now = inserts.map((change): WideChange => ({ ...change, lsn: updated.has(change.id) ? 2 : 1 }));

test.each<[string, TableShape]>([
  ['a state table', WIDE_SHAPE],
  [
    'a state table with partitions',
    { ...WIDE_SHAPE, partitions: [{ name: 'part', source: 'part', transform: 'identity' }] },
  ],
])(
  '%s takes several times the engine’s memory in one merge, and is rewritten all the same',
  async (_, shape) => {
    const table = await LakeTable.open(`state-${(names += 1)}`, around);
    const partitions = shape.partitions.map((part) => part.name);
    await table.create(tableFields(shape, STATE_COLUMNS), partitions, shape.key);
    const limits = { minTableBytes: 1e12, minFileBytes: 1e12, maxDeletedShare: 0.2, rewriteBytes: 1e12 };
    const indexes = new KeyIndexes({ folder: cache.folder, maxBytes: 1e9, nowMs: Date.now });
    const merger = new StateMerger({ engine, cache, indexes, failpoint: () => undefined, limits });
    for (const [changes, offset] of [[inserts, 0] as const, [updates, ROWS] as const]) {
      await merger.apply(table, {
        shape,
        files: await scratch(shape, changes, offset),
        truncatedAt: null,
        truncates: false,
        unavailable: [],
        txns: [],
        vectors: 'never',
        feed: 'off',
        checks: {},
      });
    }
    indexes.close();
    const found = await stored(table, 'id, _lsn');
    expect(found).toEqual(now.map((change) => `${change.id} ${change.lsn} ${digest(change)}`).sort());
  },
);

test.each<[string, Partial<HistoryForm>]>([
  ['2', { type: 2 }],
  ['6', { type: 6, overwrite: ['part'] }],
])('a history of type %s takes several times the engine’s memory in one merge', async (_, declared) => {
  const form: HistoryForm = { ...BARE, ...declared };
  const layout = historyLayout(form, WIDE_SHAPE);
  const root = `history-${(names += 1)}`;
  const log = await LakeTable.open(`${root}/bronze`, around);
  await log.create(tableFields(WIDE_SHAPE, LOG_COLUMNS), [], WIDE_SHAPE.key);
  const histories = [];
  for (const [at, target] of historyTargets([form]).entries()) {
    const table = await LakeTable.open(`${root}/${target.root}`, around);
    const partitions = historyPartitions(layout, target.rows).map((part) => part.name);
    await table.create(historyFields(layout, target.rows), partitions, WIDE_SHAPE.key);
    histories.push({ target, table, bit: historyBit(at) });
  }
  const historyMerger = new HistoryMerger(engine, cache, () => undefined);
  for (const [changes, offset] of [[inserts, 0] as const, [updates, ROWS] as const]) {
    const files = await scratch(WIDE_SHAPE, changes, offset);
    const source = { topic: 't', shape: WIDE_SHAPE, files: () => Promise.resolve(files) };
    await advanceHistory(
      histories,
      new Map([[0, offset + changes.length - 1]]),
      { ...source, lacking: 'noted', truncatedAt: null, unavailable: [] },
      { log, histories },
      { historyMerger, onCommit: () => undefined },
    );
  }
  const table = histories[0]?.table as LakeTable;
  const open = await stored(table, 'id, _lsn', '_to_lsn IS NULL');
  expect(open).toEqual(now.map((change) => `${change.id} ${change.lsn} ${digest(change)}`).sort());
  const closed = await stored(table, 'id, _lsn', '_to_lsn IS NOT NULL');
  expect(closed).toEqual(updates.map(({ id }) => `${id} 1 ${digest({ id, op: 'c', lsn: 1 })}`).sort());
});
