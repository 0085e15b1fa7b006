import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PART_BYTES } from '../src/s3-parts.ts';
import { probePutIfAbsent, type ObjectStore } from '../src/index.ts';

/** What every adapter must do; each runs the same suite. */
export function describeStoreContract(
  name: string,
  open: () => ObjectStore | Promise<ObjectStore>,
  has: { readonly storageClasses: boolean } = { storageClasses: true },
): void {
  describe(`${name} keeps the object store contract`, () => {
    let store: ObjectStore;
    const root = `contract-${randomUUID()}`;
    const body = (text: string): Uint8Array => Buffer.from(text);
    const keys = async (prefix: string, after?: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const entry of store.list(prefix, after)) found.push(entry.key.slice(root.length + 1));
      return found;
    };

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => {
      store.close();
    });

    test('what was put is got back, whole and by range', async () => {
      await store.put(`${root}/a`, body('0123456789'));
      expect(Buffer.from((await store.get(`${root}/a`)) ?? []).toString()).toBe('0123456789');
      expect(Buffer.from((await store.get(`${root}/a`, { start: 2, end: 5 })) ?? []).toString()).toBe('234');
      expect((await store.head(`${root}/a`))?.sizeBytes).toBe(10);
    });

    test('a missing object is null, and deleting it is no error', async () => {
      expect(await store.get(`${root}/missing`)).toBeNull();
      expect(await store.head(`${root}/missing`)).toBeNull();
      await expect(store.delete(`${root}/missing`)).resolves.toBeUndefined();
    });

    test('put replaces, putIfAbsent never does', async () => {
      await store.put(`${root}/b`, body('one'));
      await store.put(`${root}/b`, body('two'));
      expect(await store.putIfAbsent(`${root}/b`, body('three'))).toBe(false);
      expect(Buffer.from((await store.get(`${root}/b`)) ?? []).toString()).toBe('two');
    });

    test('of twenty concurrent putIfAbsent exactly one wins, and its bytes are the ones stored', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.putIfAbsent(`${root}/race`, body(`writer ${n}`))),
      );
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(Buffer.from((await store.get(`${root}/race`)) ?? []).toString()).toBe(
        `writer ${outcomes.indexOf(true)}`,
      );
    });

    test('list is in byte order, honours the prefix and startAfter', async () => {
      for (const name of ['l/10', 'l/2', 'l/1', 'l/é', 'm/1']) await store.put(`${root}/${name}`, body(name));
      expect(await keys(`${root}/l/`)).toEqual(['l/1', 'l/10', 'l/2', 'l/é']);
      expect(await keys(`${root}/l/`, `${root}/l/10`)).toEqual(['l/2', 'l/é']);
      await store.delete(`${root}/l/1`);
      expect(await keys(`${root}/l/`)).toEqual(['l/10', 'l/2', 'l/é']);
    });

    test('keys with spaces, percent and equals signs survive', async () => {
      const key = `${root}/day=2026-01-01/a b%20c+d`;
      await store.put(key, body('x'));
      expect(Buffer.from((await store.get(key)) ?? []).toString()).toBe('x');
      expect(await keys(`${root}/day=`)).toEqual(['day=2026-01-01/a b%20c+d']);
    });

    test.each([0, 3, PART_BYTES, 2 * PART_BYTES + 5])(
      'a file of %d bytes comes back as it was put, part by part',
      async (size) => {
        const folder = mkdtempSync(join(tmpdir(), 'store-contract-'));
        const [from, to] = [join(folder, 'from'), join(folder, 'to')];
        const bytes = Buffer.alloc(size);
        for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >> 9)) & 0xff;
        writeFileSync(from, bytes);
        await store.putFile(`${root}/file`, from);
        expect((await store.head(`${root}/file`))?.sizeBytes).toBe(size);
        expect(await store.getFile(`${root}/file`, to)).toBe(true);
        expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
        expect(await store.getFile(`${root}/none`, to)).toBe(false);
        rmSync(folder, { recursive: true });
      },
    );

    test('folders are the names right under a prefix, each once', async () => {
      for (const name of ['f/b/1', 'f/a/2', 'f/a/x/3', 'f/file', 'f/c d%/4'])
        await store.put(`${root}/${name}`, body(name));
      const found: string[] = [];
      for await (const folder of store.folders(`${root}/f/`)) found.push(folder);
      expect(found).toEqual(['a', 'b', 'c d%']);
    });

    test('an object of another storage class is where it was, with its bytes, and says its class', async () => {
      const key = `${root}/class/day=1/a b%20c`;
      await store.put(key, body('kept'));
      if (!has.storageClasses) {
        await expect(store.setStorageClass(key, 'STANDARD_IA')).rejects.toMatchObject({
          code: 'STORE_FAILED',
        });
        return;
      }
      await store.setStorageClass(key, 'STANDARD_IA');
      expect(Buffer.from((await store.get(key)) ?? []).toString()).toBe('kept');
      expect((await store.head(key))?.storageClass).toBe('STANDARD_IA');
      for await (const entry of store.list(key)) expect(entry.storageClass).toBe('STANDARD_IA');
      await store.setStorageClass(key, 'STANDARD');
      expect((await store.head(key))?.storageClass ?? 'STANDARD').toBe('STANDARD');
      await expect(store.setStorageClass(`${root}/class/none`, 'STANDARD_IA')).rejects.toMatchObject({
        code: 'STORE_OBJECT_MISSING',
      });
    });

    test('the start probe passes', async () => {
      await expect(probePutIfAbsent(store, randomUUID())).resolves.toBeUndefined();
    });
  });
}
