import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
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

  test('of another size than the log tells are damaged: they are fetched anew, also when they are pinned', async () => {
    const store = await filled();
    const first = await openKept(store, 1_000);
    for (const key of ['a', 'b']) await truncate(await first.pathOf(key), 60);
    await first.close();
    const files = await openKept(store, 1_000);
    expect([files.has('a', 60), files.has('a', 100)]).toEqual([true, false]);
    expect((await readFile(await files.pathOf('a', 100))).length).toBe(100);
    const pinned = await files.pin('b', files.folder);
    expect((await readFile(pinned)).length).toBe(60);
    expect(await files.pin('b', files.folder, 100)).toBe(pinned);
    expect((await readFile(pinned)).length).toBe(100);
    // Cut while this process knows it as whole.
    await truncate(join(folder, 'copies', files.nameOf('a')), 10);
    expect((await readFile(await files.pathOf('a'))).length).toBe(100);
    expect([store.gets, await copies()]).toEqual([5, 2]);
  });

  test('are read although another process removes them just then', async () => {
    const store = await filled();
    const files = await openKept(store, 1_000);
    const found = files.pathOf.bind(files);
    let removed = 0;
    files.pathOf = async (key) => {
      const path = await found(key);
      if ((removed += 1) <= 2) await rm(path);
      return path;
    };
    expect((await files.bytesOf('a')).length).toBe(100);
    expect([removed, store.gets]).toEqual([3, 3]);
  });

  test('of earlier versions, which lay beside them by their keys, are removed', async () => {
    const store = await filled();
    const old = join(folder, 'silver/public/orders');
    await mkdir(old, { recursive: true });
    await writeFile(join(old, 'part-1.parquet'), 'x');
    const first = await openKept(store, 1_000);
    await first.pathOf('a');
    await first.close();
    await openKept(store, 1_000);
    expect([existsSync(join(folder, 'silver')), await copies()]).toEqual([false, 1]);
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
