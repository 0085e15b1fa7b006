import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { field, type AddFile } from '@hasivu/delta';
import type { EngineVector } from '@hasivu/lake-engine';
import type { TableShape } from '../../core/table-shape.ts';
import type { KeyIndex, ReadKeys } from './key-index.ts';
import { KeyIndexes } from './key-indexes.ts';

const ENTRY_BYTES = 16;
const MINUTE = 60_000;
const shape: TableShape = { rowFields: [field('id', 'long')], partitions: [], key: ['id'] };

let folder: string;
let nowMs: number;
let sizes: number[];
let refusals: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-indexes-'));
  nowMs = 0;
  sizes = [];
  refusals = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function indexesOf(entries: number): KeyIndexes {
  return new KeyIndexes({
    folder,
    maxBytes: entries * ENTRY_BYTES,
    nowMs: () => nowMs,
    onBytes: (bytes) => sizes.push(bytes),
    onNoRoom: () => (refusals += 1),
  });
}

function fileOf(path: string, rows: number): AddFile {
  const stats = JSON.stringify({ numRecords: rows });
  return { path, partitionValues: {}, size: 1, modificationTime: 0, dataChange: true, stats };
}

const longs = (count: number): EngineVector => ({
  bytes: new Uint8Array(BigInt64Array.from({ length: count }, (_, at) => BigInt(at)).buffer),
  hasNull: false,
});

const readKeys: ReadKeys = (file, take) => {
  const { numRecords } = JSON.parse(file.stats as string) as { numRecords: number };
  take([longs(numRecords), longs(numRecords)], numRecords);
  return Promise.resolve();
};

/** A merge into the table, which has these files. */
async function merge(
  indexes: KeyIndexes,
  table: string,
  files: readonly AddFile[],
): Promise<KeyIndex | null> {
  const index = indexes.of(table, shape, files);
  await index?.cover(new Map(files.map((file) => [file.path, file])), files, readKeys);
  indexes.report();
  return index;
}

test('a table that grows beyond the room has no index any more, and what it had is given back', async () => {
  const indexes = indexesOf(100);
  expect(await merge(indexes, 'a', [fileOf('1', 60)])).not.toBeNull();
  expect(await merge(indexes, 'a', [fileOf('1', 60), fileOf('2', 50)])).toBeNull();
  expect(refusals).toBe(1);
  expect(sizes).toEqual([60 * ENTRY_BYTES, 0]);
  expect(await readdir(folder)).toEqual([]);
  // Small enough again, after a DELETE of most of it.
  expect(await merge(indexes, 'a', [fileOf('3', 90)])).not.toBeNull();
  indexes.close();
});

test('an index that is in use keeps its room, however often another table asks', async () => {
  const indexes = indexesOf(100);
  const first = await merge(indexes, 'a', [fileOf('1', 60)]);
  for (let round = 0; round < 5; round += 1) {
    nowMs += MINUTE;
    expect(await merge(indexes, 'b', [fileOf('2', 60)])).toBeNull();
    expect(await merge(indexes, 'a', [fileOf('1', 60)])).toBe(first);
  }
  expect(refusals).toBe(5);
  indexes.close();
});

test('those that were not asked for long go first, the oldest of them, and no more than is needed', async () => {
  const indexes = indexesOf(100);
  for (const table of ['a', 'b', 'c']) {
    await merge(indexes, table, [fileOf(table, 30)]);
    nowMs += MINUTE;
  }
  nowMs += 8.5 * MINUTE;
  // The first two are idle by now; one of them is enough.
  expect(await merge(indexes, 'd', [fileOf('d', 30)])).not.toBeNull();
  expect(sizes.at(-1)).toBe(90 * ENTRY_BYTES);
  const kept = indexes.of('b', shape, [fileOf('b', 30)]);
  expect(kept?.bytes).toBe(30 * ENTRY_BYTES);
  expect(refusals).toBe(0);
  indexes.close();
});

test('a table that has no room in any case takes nothing from those that are idle', async () => {
  const indexes = indexesOf(100);
  const kept = await merge(indexes, 'a', [fileOf('1', 30)]);
  nowMs += 60 * MINUTE;
  expect(await merge(indexes, 'b', [fileOf('2', 101)])).toBeNull();
  expect(indexes.of('a', shape, [fileOf('1', 30)])).toBe(kept);
  expect(kept?.bytes).toBe(30 * ENTRY_BYTES);
  indexes.close();
});
