import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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

test('two in one process have a folder each, and one that closes leaves the other its own', async () => {
  const { files } = await open(200);
  const other = await FileCache.open(new MemoryStore(), OWNER, 200);
  expect(other.folder).not.toBe(files.folder);
  await other.close();
  expect([existsSync(other.folder), existsSync(files.folder)]).toEqual([false, true]);
});

describe('copies that are kept', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kept-copies-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function openKept(store: CountedStore, maxBytes: number): Promise<FileCache> {
    cache = await FileCache.openKept(store, folder, maxBytes);
    return cache;
  }
  async function filled(): Promise<CountedStore> {
    const store = new CountedStore();
    for (const key of ['a', 'b', 'c']) await store.put(key, new Uint8Array(100).fill(key.charCodeAt(0)));
    return store;
  }
  const copies = async (): Promise<number> => (await readdir(join(folder, 'copies'))).length;

  test('are found by the next process, within the bound, by their last use', async () => {
    const store = await filled();
    const first = await openKept(store, 1_000);
    for (const key of ['a', 'b', 'c']) await first.pathOf(key);
    // Not to be told apart by a clock that stands still.
    for (const [at, key] of ['b', 'a', 'c'].entries())
      await utimes(join(folder, 'copies', first.nameOf(key)), at + 1, at + 1);
    await first.close();
    expect(await copies()).toBe(3);
    const second = await openKept(store, 200);
    await second.trim();
    expect([second.has('a'), second.has('b'), second.has('c')]).toEqual([true, false, true]);
    await second.pathOf('a');
    await second.close();
    const third = await openKept(store, 100);
    await third.trim();
    expect([third.has('a'), third.has('c'), await copies()]).toEqual([true, false, 1]);
    expect([store.gets, third.fetchedBytes]).toEqual([3, 0]);
  });

  test('stay where they are pinned when another process removes them, and are fetched again', async () => {
    const store = await filled();
    const files = await openKept(store, 1_000);
    const pinned = await files.pin('a', files.folder);
    await rm(join(folder, 'copies'), { recursive: true });
    await mkdir(join(folder, 'copies'));
    expect((await readFile(pinned)).toString()).toBe('a'.repeat(100));
    expect((await readFile(await files.pathOf('a'))).toString()).toBe('a'.repeat(100));
    expect([store.gets, await files.pin('a', files.folder)]).toEqual([2, pinned]);
  });

  test('are whole or not there: what a killed process had of one is removed', async () => {
    const store = await filled();
    const living = await openKept(store, 1_000);
    const dead = living.folder.replace(`process-${process.pid}-`, `process-${2 ** 22 + 1}-`);
    await living.close();
    await mkdir(dead, { recursive: true });
    await writeFile(join(dead, 'fetching-x.parquet'), 'half');
    const files = await openKept(store, 1_000);
    expect(existsSync(dead)).toBe(false);
    await expect(files.pathOf('none')).rejects.toMatchObject({ code: 'STORE_OBJECT_MISSING' });
    expect([files.has('none'), await copies()]).toEqual([false, 0]);
  });
});
