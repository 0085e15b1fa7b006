import { describe, expect, test } from '@jest/globals';
import { MemoryStore } from '../../object-store/src/index.ts';
import { surroundings } from '../test/surroundings.ts';
import {
  conflictWith,
  DeltaTable,
  field,
  READ_NOTHING,
  readEverything,
  removalOf,
  type Action,
  type AddFile,
  type ReadScope,
} from './index.ts';

const file = (path: string): AddFile => ({
  path,
  partitionValues: {},
  size: 1,
  modificationTime: 1,
  dataChange: true,
});
const added = (path: string, dataChange = true): Action => ({ add: { ...file(path), dataChange } });
const removed = (path: string, dataChange = true): Action => removalOf(file(path), 1, dataChange);
const txn = (appId: string): Action => ({ txn: { appId, version: 1 } });
const blind: Action = { commitInfo: { timestamp: 1, operation: 'WRITE', isBlindAppend: true } };
const protocol: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const metaData: Action = {
  metaData: {
    id: 'x',
    format: { provider: 'parquet', options: {} },
    schemaString: '{}',
    partitionColumns: [],
    configuration: {},
  },
};
const domain = (name: string): Action => ({
  domainMetadata: { domain: name, configuration: '', removed: false },
});
const upsert: ReadScope = readEverything(['a']);
/** Rows of a file are taken out by a deletion vector, and nothing else is done. */
const marked = (path: string, vector: string): Action[] => {
  const deletionVector = { storageType: 'i', pathOrInlineDv: vector, sizeInBytes: 1, cardinality: 1 };
  return [removed(path), { add: { ...file(path), deletionVector } }];
};

describe('which rivals a commit can follow', () => {
  test.each<[string, Action[], Action[], ReadScope, string | null]>([
    ['append after append', [blind, added('x')], [added('y')], READ_NOTHING, null],
    ['append after compaction', [removed('a', false), added('x', false)], [added('y')], READ_NOTHING, null],
    ['append after a schema change', [metaData], [added('y')], READ_NOTHING, 'metadata-changed'],
    ['append after a protocol change', [protocol], [added('y')], READ_NOTHING, 'protocol-changed'],
    [
      'append of the same application',
      [blind, added('x'), txn('p0')],
      [added('y'), txn('p0')],
      READ_NOTHING,
      'concurrent-transaction',
    ],
    [
      'append of another application',
      [blind, added('x'), txn('p1')],
      [added('y'), txn('p0')],
      READ_NOTHING,
      null,
    ],
    ['upsert after upsert', [added('x')], [added('y')], upsert, 'concurrent-append'],
    ['upsert after blind append', [blind, added('x')], [added('y')], upsert, null],
    ['upsert after rows that it read are gone', [removed('a')], [added('y')], upsert, 'delete-read'],
    [
      'upsert after compaction of what it read and leaves as it is',
      [removed('a', false), added('x', false)],
      [added('y')],
      upsert,
      null,
    ],
    [
      'upsert after compaction of what it rewrites',
      [removed('a', false), added('x', false)],
      [removed('a'), added('y')],
      upsert,
      'delete-delete',
    ],
    [
      'upsert after compaction of what it marks rows in',
      [removed('a', false), added('x', false)],
      marked('a', 'y'),
      upsert,
      'delete-delete',
    ],
    [
      'new statistics of a file after its compaction',
      [removed('a', false), added('x', false)],
      [added('a', false)],
      READ_NOTHING,
      'delete-delete',
    ],
    [
      'compaction after compaction of another file',
      [removed('a', false), added('x', false)],
      [removed('b', false), added('y', false)],
      READ_NOTHING,
      null,
    ],
    ['compaction after append', [added('x')], [removed('b', false), added('y', false)], READ_NOTHING, null],
    ['delete after delete', [removed('a')], [removed('a')], READ_NOTHING, 'delete-delete'],
    ['delete after delete of another file', [removed('b')], [removed('a')], READ_NOTHING, null],
    ['rows marked after rows marked', marked('a', 'x'), marked('a', 'y'), READ_NOTHING, 'delete-delete'],
    ['rows marked after rows of another file', marked('b', 'x'), marked('a', 'y'), READ_NOTHING, null],
    [
      'rows marked after the file was compacted',
      [removed('a', false), added('c', false)],
      marked('a', 'y'),
      READ_NOTHING,
      'delete-delete',
    ],
    [
      'compaction after rows marked',
      marked('a', 'x'),
      [removed('a', false), added('c', false)],
      READ_NOTHING,
      'delete-delete',
    ],
    ['append after rows marked', marked('a', 'x'), [added('y')], READ_NOTHING, null],
    ['upsert after rows marked', marked('a', 'x'), [added('y')], upsert, 'concurrent-append'],
    [
      'rows marked after new statistics of the file',
      [added('a', false)],
      marked('a', 'y'),
      READ_NOTHING,
      null,
    ],
    ['same domain', [domain('d')], [domain('d')], READ_NOTHING, 'domain-changed'],
    ['other domain', [domain('d')], [domain('e')], READ_NOTHING, null],
  ])('%s', (_, winner, ours, reads, kind) => {
    expect(conflictWith(winner, ours, reads, 'write-serializable')?.kind ?? null).toBe(kind);
  });

  test('serializable minds blind appends too', () => {
    expect(conflictWith([blind, added('x')], [added('y')], upsert, 'serializable')?.kind).toBe(
      'concurrent-append',
    );
  });

  test('a second instance of the same application is fenced, with its own code', async () => {
    const store = new MemoryStore();
    const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
    const first = await DeltaTable.create('t', { schema }, surroundings(store));
    const second = (await DeltaTable.open('t', surroundings(store))) as DeltaTable;
    await second.commit({ actions: [added('x'), txn('p0')], operation: 'WRITE' });
    await expect(
      first.commit({ actions: [added('y'), txn('p0')], operation: 'WRITE' }),
    ).rejects.toMatchObject({ code: 'LAKE_FENCED' });
    expect([...((await DeltaTable.open('t', surroundings(store))) as DeltaTable).state.files.keys()]).toEqual(
      ['x'],
    );
  });
});
