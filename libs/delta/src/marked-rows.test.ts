import { describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import {
  checkpointCodec,
  DeltaTable,
  field,
  markedFile,
  parseCommit,
  removalOf,
  TableState,
  type Action,
  type AddFile,
  type DeletionVector,
} from './index.ts';

const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
const configuration = { 'delta.enableDeletionVectors': 'true' };
const add = (path: string): AddFile => ({
  path,
  partitionValues: {},
  size: 1,
  modificationTime: 1,
  dataChange: true,
  stats: '{"numRecords":9,"tightBounds":true}',
});
const vector = (name: string, cardinality = 1): DeletionVector => ({
  storageType: 'u',
  pathOrInlineDv: name.padEnd(20, '0'),
  offset: 1,
  sizeInBytes: 40,
  cardinality,
});
const stateOf = (...commits: readonly Action[][]): TableState => {
  const state = new TableState();
  commits.forEach((actions, version) => state.apply(version, actions));
  return state;
};
const live = (state: TableState) =>
  [...state.files.values()].map((one) => `${one.path}:${one.deletionVector?.cardinality ?? 0}`);
const tombstones = (actions: readonly Action[]) =>
  actions.flatMap((action) =>
    'remove' in action ? [`${action.remove.path}:${action.remove.deletionVector?.cardinality ?? 0}`] : [],
  );

describe('a table whose rows are marked deleted', () => {
  test('lists deletionVectors with what older versions mean, also beside timestampNtz, and opens again', async () => {
    const store = new MemoryStore();
    await DeltaTable.create('t', { schema, configuration }, surroundings(store));
    expect((await DeltaTable.open('t', surroundings(store)))?.state.protocol).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['appendOnly', 'invariants', 'deletionVectors'],
    });
    const moments = { type: 'struct', fields: [field('at', 'timestamp_ntz')] } as const;
    const both = await DeltaTable.create('n', { schema: moments, configuration }, surroundings(store));
    expect(both.state.protocol.readerFeatures).toEqual(['timestampNtz', 'deletionVectors']);
  });

  test('holds each path once, with its newest vector, and keeps what a vacuum must know of the older ones', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema, configuration }, surroundings(store));
    await table.commit({ actions: [{ add: add('a') }, { add: add('b') }], operation: 'WRITE' });
    const now = surroundings(store).nowMs();
    const mark = async (cardinality: number): Promise<void> => {
      const file = table.state.files.get('a') as AddFile;
      await table.commit({
        actions: markedFile(file, vector(`v${cardinality}`, cardinality), now),
        operation: 'DELETE',
      });
    };
    await mark(1);
    await mark(2);
    const fromLog = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
    expect(live(fromLog.state)).toEqual(['b:0', 'a:2']);
    await table.checkpoint();
    const reopened = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
    expect(live(reopened.state).sort()).toEqual(['a:2', 'b:0']);
    expect(reopened.state.files.get('a')).toEqual({ ...fromLog.state.files.get('a'), dataChange: false });
    expect(tombstones(reopened.state.checkpointActions(now))).toEqual(['a:1']);
    expect(reopened.state.files.get('a')?.stats).toBe('{"numRecords":9,"tightBounds":false}');
  });

  test('a thousand commits that mark rows of ten files leave one tombstone per object of vectors, and one per file gone', () => {
    const state = new TableState();
    const names = Array.from({ length: 10 }, (_, n) => `f${n}`);
    state.apply(0, [
      { protocol: { minReaderVersion: 3, minWriterVersion: 7 } },
      {
        metaData: {
          id: 'x',
          format: { provider: 'parquet', options: {} },
          schemaString: '{}',
          partitionColumns: [],
          configuration: {},
        },
      },
      ...names.map((name) => ({ add: add(name) })),
    ]);
    for (let version = 1; version <= 1_000; version += 1) {
      const marks = names.map((name, n) =>
        markedFile(state.files.get(name) as AddFile, { ...vector(`bin${version}-`), offset: n }, version),
      );
      state.apply(version, marks.flat());
    }
    expect(tombstones(state.checkpointActions(1_000))).toHaveLength(999);
    const gone = state.files.get('f0') as AddFile;
    state.apply(1_001, [removalOf(gone, 1_001)]);
    const kept = state
      .checkpointActions(1_001)
      .flatMap((action) => ('remove' in action ? [action.remove] : []));
    expect(kept).toHaveLength(1_000);
    expect(kept.at(-1)).toMatchObject({ path: 'f0', deletionVector: gone.deletionVector });
  });

  test('vectors survive a checkpoint field by field, inline ones without an offset', async () => {
    const inline = { storageType: 'i', pathOrInlineDv: 'wi5b=', sizeInBytes: 3, cardinality: 2 ** 33 };
    const actions: Action[] = [
      { add: { ...add('a'), deletionVector: inline } },
      removalOf({ ...add('b'), deletionVector: vector('v') }, 7),
    ];
    expect(await checkpointCodec.decode(await checkpointCodec.encode(actions))).toEqual(actions);
  });

  test('a removal without the vector that the file has leaves the file, as every reader reads it', () => {
    const marked = { ...add('a'), deletionVector: vector('v') };
    expect(live(stateOf([{ add: marked }], [removalOf(add('a'), 1)]))).toEqual(['a:1']);
    expect(live(stateOf([{ add: marked }], [removalOf(marked, 1)]))).toEqual([]);
  });

  test('a vector of null is none', () => {
    const line = JSON.stringify({ add: { ...add('a'), deletionVector: null } });
    expect(parseCommit(Buffer.from(line))).toEqual([{ add: add('a') }]);
  });

  test('the order of a commit’s actions does not matter', () => {
    const [gone, come] = markedFile(add('a'), vector('v'), 1) as [Action, Action];
    for (const actions of [
      [gone, come],
      [come, gone],
    ])
      expect(live(stateOf([{ add: add('a') }], actions))).toEqual(['a:1']);
  });
});

describe('a commit that would show rows wrongly elsewhere is refused', () => {
  const marked = { ...add('a'), deletionVector: vector('v') };
  test.each<[string, AddFile, Action[], string]>([
    ['a removal that forgets the vector', marked, [removalOf(add('a'), 1)], 'another deletion vector'],
    ['another vector beside the present one', add('a'), [{ add: marked }], 'another deletion vector'],
    ['one path twice', add('a'), [removalOf(add('a'), 1), removalOf(add('a'), 1)], 'twice'],
    ['gone and here at once', marked, [removalOf(marked, 1), { add: marked }], 'the same deletion vector'],
    [
      'a vector without the row count',
      add('a'),
      [{ add: { ...marked, path: 'n', stats: '' } }],
      'numRecords',
    ],
  ])('%s', async (_, present, actions, why) => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema, configuration }, surroundings(store));
    await table.commit({ actions: [{ add: present }], operation: 'WRITE' });
    await expect(table.commit({ actions, operation: 'DELETE' })).rejects.toThrow(why);
    expect(table.state.version).toBe(1);
  });

  test('a vector in a table that does not allow them', async () => {
    const store = new MemoryStore();
    const table = await DeltaTable.create('t', { schema }, surroundings(store));
    await table.commit({ actions: [{ add: add('a') }], operation: 'WRITE' });
    const mark = { actions: markedFile(add('a'), vector('v'), 1), operation: 'DELETE' };
    await expect(table.commit(mark)).rejects.toThrow('delta.enableDeletionVectors');
  });
});
