import { describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import { DeltaTable, field, type Action, type DeltaSurroundings } from './index.ts';

const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
const added = (path: string): Action => ({
  add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true },
});
const txn = (appId: string, version: number): Action => ({ txn: { appId, version } });
const write = (path: string, appId: string, version: number) => ({
  actions: [added(path), txn(appId, version)],
  operation: 'WRITE',
});
const FENCED = { code: 'LAKE_FENCED' };

/** Of a writer that takes all ids that begin with `sink` for its own. */
function owner(store: MemoryStore): DeltaSurroundings {
  return { ...surroundings(store), isOwnAppId: (appId) => appId.startsWith('sink') };
}

/** A table that two writers take for their own, as both found it. */
async function shared() {
  const store = new MemoryStore();
  await DeltaTable.create('t', { schema }, owner(store));
  const open = async (): Promise<DeltaTable> => (await DeltaTable.open('t', owner(store))) as DeltaTable;
  return { store, open, first: await open(), second: await open() };
}

describe('once another writer has moved one of a writer’s own sequences', () => {
  test('the writer is fenced, also where its commit moves none of those', async () => {
    const { first, second, open } = await shared();
    await first.commit(write('a', 'sink-0', 12));
    await expect(second.commit(write('b', 'sink-1', 15))).rejects.toMatchObject(FENCED);
    await expect(second.commit({ actions: [added('c')], operation: 'WRITE' })).rejects.toMatchObject(FENCED);
    expect([...(await open()).state.files.keys()]).toEqual(['a']);
  });

  test('a refresh does not take it over: from then on the writer fails', async () => {
    const { first, second } = await shared();
    await first.commit(write('a', 'sink-0', 12));
    await expect(second.refresh()).rejects.toMatchObject(FENCED);
    await expect(second.commit(write('b', 'sink-0', 20))).rejects.toMatchObject(FENCED);
    await expect(second.refresh()).rejects.toMatchObject(FENCED);
  });

  test('whoever creates the table late does not begin where the other one has been', async () => {
    const store = new MemoryStore();
    const first = await DeltaTable.create('t', { schema }, owner(store));
    await first.commit(write('a', 'sink-0', 12));
    await expect(DeltaTable.create('t', { schema }, owner(store))).rejects.toMatchObject(FENCED);
  });

  test('whoever opens the table then goes on from there', async () => {
    const { first, open } = await shared();
    await first.commit(write('a', 'sink-0', 12));
    const next = await open();
    expect(next.state.txns.get('sink-0')?.version).toBe(12);
    await next.commit(write('b', 'sink-0', 20));
    await expect(first.commit(write('c', 'sink-1', 3))).rejects.toMatchObject(FENCED);
  });
});

test('others’ sequences and their commits move nobody', async () => {
  const { store, first } = await shared();
  const keeper = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
  await keeper.commit(write('a', 'keeper', 1));
  await first.commit(write('b', 'sink-0', 5));
  await keeper.commit(write('c', 'keeper', 2));
  expect(await first.refresh()).toBe(1);
  expect(await first.commit(write('d', 'sink-0', 6))).toBe(4);
  // What it has committed itself is its own.
  await keeper.refresh();
  expect([...keeper.state.txns.values()].map(({ version }) => version).sort()).toEqual([2, 6]);
});
