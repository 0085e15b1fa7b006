import { describe, expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { MemoryStore } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import { checkpointCodec, DeltaTable, field, removalOf, type Action, type AddFile } from './index.ts';

const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
const add = (path: string): { add: AddFile } => ({
  add: {
    path,
    partitionValues: {},
    size: 1,
    modificationTime: 1,
    dataChange: true,
    stats: '{"numRecords":1}',
  },
});
const append = (path: string, ...more: Action[]) => ({ actions: [add(path), ...more], operation: 'WRITE' });
const reopened = async (store: MemoryStore): Promise<DeltaTable> =>
  (await DeltaTable.open('t', surroundings(store))) as DeltaTable;

describe('a Delta table', () => {
  test('is null where there is none, and is there after create with the lowest protocol that fits', async () => {
    const store = new MemoryStore();
    expect(await DeltaTable.open('t', surroundings(store))).toBeNull();
    await DeltaTable.create('t', { schema }, surroundings(store));
    expect((await reopened(store)).state.protocol).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
    const ntz = await DeltaTable.create(
      'n',
      { schema: { type: 'struct', fields: [field('at', 'timestamp_ntz')] } },
      surroundings(store),
    );
    expect(ntz.state.protocol).toMatchObject({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['timestampNtz'],
    });
  });

  test('two creators end with one table', async () => {
    const store = new MemoryStore();
    const [first, second] = await Promise.all([
      DeltaTable.create('t', { schema }, surroundings(store)),
      DeltaTable.create('t', { schema }, surroundings(store)),
    ]);
    expect(second.state.metadata.id).toBe(first.state.metadata.id);
  });

  test('every committed file is there once whatever the interleaving of twenty writers, across checkpoints', async () => {
    const store = new MemoryStore();
    await DeltaTable.create(
      't',
      { schema, configuration: { 'delta.checkpointInterval': '7' } },
      surroundings(store),
    );
    const writers = await Promise.all(Array.from({ length: 20 }, () => reopened(store)));
    await Promise.all(
      writers.map(async (writer, number) => {
        for (let n = 0; n < 5; n += 1) await writer.commit(append(`f-${number}-${n}`));
      }),
    );
    const { state } = await reopened(store);
    expect(state.version).toBe(100);
    expect(state.files.size).toBe(100);
    expect(await store.head('t/_delta_log/00000000000000000098.checkpoint.parquet')).not.toBeNull();
  });

  test('a table with tens of thousands of removed files has its checkpoints further apart', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    const removed = Array.from({ length: 41_000 }, (_, n) => ({
      remove: { path: `f${n}`, deletionTimestamp: 1, dataChange: false },
    }));
    const hasCheckpoint = async (version: number): Promise<boolean> =>
      (await store.head(`t/_delta_log/${String(version).padStart(20, '0')}.checkpoint.parquet`)) !== null;
    for (let version = 1; version <= 20; version += 1) await table.commit(append(`a${version}`));
    await table.commit({ actions: removed, operation: 'OPTIMIZE' });
    while (table.state.version < 50) await table.commit(append(`b${table.state.version}`));
    expect(await Promise.all([20, 40, 50].map(hasCheckpoint))).toEqual([true, false, true]);
    expect((await reopened(store)).state.tombstoneCount).toBe(0);
  });

  test('a commit whose checkpoint fails stands, and the failure is told as the checkpoint’s', async () => {
    const store = new MemoryStore();
    const told: string[] = [];
    const failing = {
      ...surroundings(store),
      codec: { ...checkpointCodec, encode: () => Promise.reject(new TypeError('no room')) },
      onUpkeepFailed: (error: unknown, root: string) => told.push(`${root}: ${(error as Error).message}`),
    };
    const table = await DeltaTable.create(
      't',
      { schema, configuration: { 'delta.checkpointInterval': '2' } },
      failing,
    );
    for (const version of [1, 2, 3])
      expect(await table.commit({ actions: [], operation: 'WRITE' })).toBe(version);
    expect(told).toEqual(['t: no room']);
    expect((await DeltaTable.open('t', surroundings(store)))?.state.version).toBe(3);
  });

  test('a snapshot from a checkpoint equals the snapshot from all commits, tombstones and txns included', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema, partitionColumns: [] }, surroundings(store));
    for (let n = 0; n < 9; n += 1) {
      await table.commit({
        actions: [
          add(`f-${n}`),
          { txn: { appId: 'app', version: n } },
          ...(n === 4 ? [removalOf(add('f-1').add, 5)] : []),
        ],
        operation: 'WRITE',
      });
    }
    const whole = await reopened(store);
    await table.checkpoint();
    const fromCheckpoint = await reopened(store);
    expect([...fromCheckpoint.state.files.keys()].sort()).toEqual([...whole.state.files.keys()].sort());
    expect(fromCheckpoint.state.txns.get('app')?.version).toBe(8);
    expect(fromCheckpoint.state.metadata).toEqual(whole.state.metadata);
    await table.commit(append('later'));
    expect(await fromCheckpoint.refresh()).toBe(1);
    expect(fromCheckpoint.state.files.has('later')).toBe(true);
  });

  test('a _last_checkpoint that points at nothing, or is no JSON, hides nothing', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    await table.commit(append('a'));
    for (const hint of ['{"version":1}', 'broken']) {
      await store.put('t/_delta_log/_last_checkpoint', Buffer.from(hint));
      expect((await reopened(store)).state.files.has('a')).toBe(true);
    }
  });

  test('a hole in the log and a broken commit are told, not read around', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    await table.commit(append('a'));
    await table.commit(append('b'));
    await store.put('t/_delta_log/00000000000000000002.json', Buffer.from('{"add":'));
    await expect(reopened(store)).rejects.toMatchObject({ code: 'LAKE_LOG_CORRUPT' });
    await store.delete('t/_delta_log/00000000000000000001.json');
    await expect(reopened(store)).rejects.toMatchObject({ code: 'LAKE_LOG_CORRUPT' });
  });

  test('unknown features are refused by name', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    const protocol = {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['typeWidening'],
      writerFeatures: ['typeWidening'],
    };
    await table.commit({ actions: [{ protocol }], operation: 'UPGRADE' });
    await expect(reopened(store)).rejects.toThrow('typeWidening');
  });

  test('an append-only table loses no row', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create(
      't',
      { schema, configuration: { 'delta.appendOnly': 'true' } },
      surroundings(store),
    );
    await table.commit(append('a'));
    const remove = removalOf(add('a').add, 1);
    await expect(table.commit({ actions: [remove], operation: 'DELETE' })).rejects.toMatchObject({
      code: 'LAKE_COMMIT_CONFLICT',
    });
  });
});

describe('a PUT whose answer is lost', () => {
  /** Stores the object, then behaves as a client whose first try timed out: the retry is refused, or nothing is heard. */
  class LossyStore extends MemoryStore {
    #losses: number;
    readonly #answer: 'refused' | 'silence';

    constructor(losses: number, answer: 'refused' | 'silence') {
      super();
      this.#losses = losses;
      this.#answer = answer;
    }

    override async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
      const stored = await super.putIfAbsent(key, body);
      if (!key.includes('_delta_log') || this.#losses === 0) return stored;
      this.#losses -= 1;
      if (this.#answer === 'refused') return false;
      throw new PlatformError('STORE_UNREACHABLE', { doing: 'creating an object' });
    }
  }

  test.each(['refused', 'silence'] as const)('is no lost commit and no second one: %s', async (answer) => {
    const store = new LossyStore(1, answer);
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    const version = await table.commit(append('a'));
    expect(version).toBe(1);
    expect([...(await reopened(store)).state.files.keys()]).toEqual(['a']);
  });
});
