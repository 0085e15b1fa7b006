import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryStore, type ByteRange } from '../../object-store/src/index.ts';
import { columnCopy } from './column-copy.ts';
import { Engine } from './engine.ts';
import { text } from './engine-sql.ts';
import { FileCache } from './file-cache.ts';

/** Counts what is read of it. */
class CountingStore extends MemoryStore {
  bytesRead = 0;

  override async get(key: string, range?: ByteRange): Promise<Uint8Array | null> {
    const bytes = await super.get(key, range);
    this.bytesRead += bytes?.byteLength ?? 0;
    return bytes;
  }
}

let folder: string;
let engine: Engine;
let store: CountingStore;
let cache: FileCache;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'column-copy-'));
  engine = new Engine({ folder, memoryBytes: 100e6 });
  store = new CountingStore();
  cache = await FileCache.open(store, 'column-copy-test', 2 ** 30);
});
afterAll(async () => {
  await engine.close();
  await cache.close();
  await rm(folder, { recursive: true, force: true });
});

const ROWS = 120_000;
const WIDE = 'SELECT range AS id, md5(range::VARCHAR) AS a, md5((range + 1)::VARCHAR) AS b, range % 7 AS n';

/** Uploads a file of the query. @returns its size */
async function upload(key: string, query: string, options: string): Promise<number> {
  const path = join(folder, `${key}.parquet`);
  await engine.exclusively('writing', (session) =>
    session.run(`COPY (${query}) TO ${text(path)} (FORMAT parquet, ${options})`),
  );
  const bytes = await readFile(path);
  await store.put(key, bytes);
  store.bytesRead = 0;
  return bytes.byteLength;
}

/** Sum of the column, read from the copy. */
async function sumOf(key: string, sizeBytes: number, columns: readonly string[]): Promise<number> {
  return await engine.exclusively('reading', async (session) => {
    const path = await columnCopy(session, cache, { key, sizeBytes }, columns);
    const list = columns.map((name) => `sum(${name}::BIGINT)::DOUBLE`).join(' + ');
    const [row] = await session.rows(`SELECT ${list} AS sum FROM read_parquet(${text(path)})`);
    return row?.['sum'] as number;
  });
}

describe('a copy of some columns', () => {
  test.each([
    ['one row group after the other', 'COMPRESSION zstd, ROW_GROUP_SIZE 50000'],
    ['without compression', 'COMPRESSION uncompressed, ROW_GROUP_SIZE 50000'],
    ['a footer that is longer than what is asked for first', 'COMPRESSION zstd, ROW_GROUP_SIZE 2048'],
  ])('has their values and fetches little else: %s', async (label, options) => {
    const key = label.replaceAll(' ', '-');
    const size = await upload(key, `${WIDE} FROM range(${ROWS})`, options);
    const ids = (ROWS * (ROWS - 1)) / 2;
    const sevenths = Array.from({ length: ROWS }, (_, id) => id % 7).reduce((sum, n) => sum + n, 0);
    expect(await sumOf(key, size, ['id', 'n'])).toBe(ids + sevenths);
    expect(store.bytesRead).toBeGreaterThan(0);
    expect(store.bytesRead).toBeLessThan(size / 3);
  });

  test('is the file itself where that is at hand or small', async () => {
    const size = await upload('small', 'SELECT range AS id FROM range(100)', 'COMPRESSION zstd');
    expect(await sumOf('small', size, ['id'])).toBe(4_950);
    expect(await sumOf('small', size, ['id'])).toBe(4_950);
    expect(store.bytesRead).toBe(size);
  });

  test('of a file that is gone is an error that names it', async () => {
    await expect(sumOf('gone', 2 ** 20, ['id'])).rejects.toMatchObject({
      code: 'STORE_OBJECT_MISSING',
      context: { key: 'gone' },
    });
  });
});
