import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { probePutIfAbsent, type ObjectStore } from '../src/index.ts';

/** What every adapter must do; each runs the same suite. */
export function describeStoreContract(name: string, open: () => ObjectStore | Promise<ObjectStore>): void {
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

    test('the start probe passes', async () => {
      await expect(probePutIfAbsent(store, randomUUID())).resolves.toBeUndefined();
    });
  });
}
