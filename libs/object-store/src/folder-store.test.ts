import { mkdtemp, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeStoreContract } from '../test/store-contract.ts';
import { createFolderStore, MemoryStore, type ObjectStore } from './index.ts';

const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'hasivu-folder-store-'));
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describeStoreContract('the folder store', async () => createFolderStore(await newFolder(), 'a/prefix'), {
  storageClasses: false,
});

describe('a folder as a store', () => {
  let folder: string;
  let store: ObjectStore;
  beforeEach(async () => {
    folder = await newFolder();
    store = createFolderStore(folder);
  });

  test('lists as an object store does, whatever the names, prefixes and places to go on from', async () => {
    const name = fc.stringMatching(/^[a-c.=é -]{1,3}$/u).filter((text) => text !== '.' && text !== '..');
    const key = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.oneof(
          fc.constant(''),
          key,
          key.map((text) => `${text}/`),
        ),
        fc.option(key, { nil: undefined }),
        async (keys, prefix, after) => {
          const [own, model] = [createFolderStore(await newFolder()), new MemoryStore()];
          // A file system has no file and folder of one name; neither does a table.
          const fitting = keys.filter((one) => !keys.some((other) => other.startsWith(`${one}/`)));
          for (const one of fitting) for (const place of [own, model]) await place.put(one, Buffer.from(one));
          const listed = async (place: ObjectStore) => {
            const found: [string, number][] = [];
            for await (const entry of place.list(prefix, after)) found.push([entry.key, entry.sizeBytes]);
            return found;
          };
          expect(await listed(own)).toEqual(await listed(model));
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each(['../outside', 'a/../../outside', '/etc/passwd', 'a//b', 'a/./b', 'a\0b', '.drafts/x', ''])(
    'refuses the key %j',
    async (key) => {
      for (const work of [
        () => store.get(key),
        () => store.put(key, Buffer.from('x')),
        () => store.delete(key),
      ])
        await expect(work()).rejects.toMatchObject({ code: 'STORE_DENIED' });
    },
  );

  test('a folder that is not there is a mistake to report, not an empty lake to fill', async () => {
    const missing = createFolderStore(join(folder, 'mount'));
    await expect(missing.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'STORE_BUCKET_MISSING' });
    await mkdir(join(folder, 'mount'));
    await expect(missing.put('a', Buffer.from('x'))).resolves.toBeUndefined();
  });

  test('drafts of killed writers are removed, those of living ones are not, and neither is listed', async () => {
    const drafts = join(folder, '.drafts');
    await mkdir(drafts);
    await writeFile(join(drafts, 'old'), 'half');
    await writeFile(join(drafts, 'new'), 'half');
    await utimes(join(drafts, 'old'), new Date(0), new Date(0));
    await store.put('a', Buffer.from('x'));
    expect(await readdir(drafts)).toEqual(['new']);
    const keys: string[] = [];
    for await (const entry of store.list('')) keys.push(entry.key);
    expect(keys).toEqual(['a']);
  });

  test('a name that the file system does not take is refused and leaves nothing', async () => {
    await expect(store.put('x'.repeat(300), Buffer.from('x'))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('ENAMETOOLONG'),
    });
    expect(await readdir(join(folder, '.drafts'))).toEqual([]);
  });
});
