import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { MemoryStore } from '../../object-store/src/index.ts';
import { FileCache } from './file-cache.ts';

const OWNER = 'cache-test';
let cache: FileCache | null = null;
afterEach(async () => {
  await cache?.close();
  cache = null;
});

/** A store that counts what is fetched from it. */
class CountedStore extends MemoryStore {
  gets = 0;

  override get(key: string): Promise<Uint8Array | null> {
    this.gets += 1;
    return super.get(key);
  }
}

async function open(maxBytes: number): Promise<{ store: CountedStore; files: FileCache }> {
  const store = new CountedStore();
  for (const key of ['a', 'b', 'c']) await store.put(key, new Uint8Array(100).fill(key.charCodeAt(0)));
  cache = await FileCache.open(store, OWNER, maxBytes);
  return { store, files: cache };
}

test('a file is fetched once, also by two who ask at the same time', async () => {
  const { store, files } = await open(1_000);
  const [one, two] = await Promise.all([files.pathOf('a'), files.pathOf('a')]);
  expect(two).toBe(one);
  expect(await files.pathOf('a')).toBe(one);
  expect(store.gets).toBe(1);
  expect((await readFile(one)).toString()).toBe('a'.repeat(100));
});

test('when the bound is passed the least recently used go, and only when asked', async () => {
  const { store, files } = await open(200);
  const a = await files.pathOf('a');
  const b = await files.pathOf('b');
  await files.pathOf('a');
  await files.pathOf('c');
  expect(existsSync(b)).toBe(true);
  await files.trim();
  expect([existsSync(a), existsSync(b)]).toEqual([true, false]);
  await files.pathOf('b');
  expect(store.gets).toBe(4);
});

test('an object that is missing is named, and asked for again the next time', async () => {
  const { store, files } = await open(200);
  await expect(files.pathOf('none')).rejects.toMatchObject({ code: 'STORE_OBJECT_MISSING' });
  await store.put('none', new Uint8Array(1));
  await expect(files.pathOf('none')).resolves.toContain(files.folder);
});

test('what a killed process left is removed at start; a living one keeps its files', async () => {
  // Process numbers end at 2^22 on Linux.
  const dead = join(tmpdir(), `hasivu-${OWNER}-${2 ** 22 + 1}`);
  const living = join(tmpdir(), `hasivu-${OWNER}-${process.ppid}`);
  for (const folder of [dead, living]) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'x.parquet'), 'x');
  }
  await open(200);
  const left = [existsSync(dead), existsSync(living)];
  await rm(living, { recursive: true });
  expect(left).toEqual([false, true]);
});
