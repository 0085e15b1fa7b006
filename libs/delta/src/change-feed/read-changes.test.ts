import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { ClockedStore } from '../../test/clocked-store.ts';
import {
  changedRows,
  DeltaTable,
  field,
  markedFile,
  packCommitVectors,
  readChanges,
  removalOf,
  RowSet,
  vacuumTable,
  type Action,
  type AddFile,
  type ChangeRange,
  type CommitChanges,
} from '../index.ts';

const ROOT = 'silver/public/orders';
const HOUR = 3_600_000;
const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
const ON = { 'delta.enableChangeDataFeed': 'true', 'delta.enableDeletionVectors': 'true' };

const add = (path: string, rows = 3): AddFile => ({
  path,
  partitionValues: {},
  size: 100,
  modificationTime: 0,
  dataChange: true,
  stats: JSON.stringify({ numRecords: rows }),
});
const cdc = (path: string): Action => ({
  cdc: { path, partitionValues: {}, size: 7, dataChange: false },
});

/** A table whose commits are an hour apart. */
async function grown(
  commits: readonly (readonly Action[])[],
  configuration: Readonly<Record<string, string>> = ON,
): Promise<{ store: ClockedStore; table: DeltaTable; startMs: number }> {
  const store = new ClockedStore();
  const startMs = store.nowMs;
  const table = await DeltaTable.create(ROOT, { schema, configuration }, store.around());
  for (const actions of commits) {
    store.nowMs += HOUR;
    await table.commit({ actions, operation: 'WRITE' });
  }
  return { store, table, startMs };
}

async function read(store: ClockedStore, range: ChangeRange): Promise<CommitChanges[] | null> {
  const changes = await readChanges(ROOT, range, store.around());
  if (changes === null) return null;
  const commits: CommitChanges[] = [];
  for await (const commit of changes.commits()) commits.push(commit);
  return commits;
}

const paths = (changes: readonly CommitChanges[] | null): string[][] | undefined =>
  changes?.map(({ files }) => files.map(({ path, changeType }) => `${changeType ?? '?'} ${path}`));

describe('the change data feed', () => {
  test('is the change files of a commit that has some, else the files it adds and removes', async () => {
    const inserted = add('a');
    const { store } = await grown([
      [{ add: inserted }],
      [removalOf(inserted, 1), { add: add('b') }, cdc('_change_data/c1'), cdc('_change_data/c2')],
      [removalOf(add('b'), 1)],
      // Compaction moves rows.
      [{ add: { ...add('c'), dataChange: false } }],
    ]);
    expect(paths(await read(store, { from: { version: 0 } }))).toEqual([
      [],
      ['insert a'],
      ['? _change_data/c1', '? _change_data/c2'],
      ['delete b'],
      [],
    ]);
    expect(paths(await read(store, { from: { version: 2 }, to: { version: 2 } }))).toHaveLength(1);
    expect(await readChanges('no/such/table', { from: { version: 0 } }, store.around())).toBeNull();
  });

  test('of a MERGE that counts no changed row is empty, though it rewrote files', async () => {
    const { store, table } = await grown([[{ add: add('a') }]]);
    const actions = [removalOf(add('a'), 1), { add: add('b') }];
    const none = { numTargetRowsInserted: '0', numTargetRowsUpdated: '0', numTargetRowsDeleted: '0' };
    await expect(table.commit({ actions, operation: 'MERGE' })).rejects.toMatchObject({
      code: 'LAKE_CHANGES_MISSING',
    });
    const bytes = [{ commitInfo: { timestamp: 1, operation: 'MERGE', operationMetrics: none } }, ...actions]
      .map((action) => JSON.stringify(action))
      .join('\n');
    await store.put(`${ROOT}/_delta_log/${'2'.padStart(20, '0')}.json`, Buffer.from(bytes));
    expect(paths(await read(store, { from: { version: 1 } }))).toEqual([['insert a'], []]);
  });

  test('replayed from any version on gives the rows of the newest, whatever vectors came and went', async () => {
    await checkProperty(
      fc.asyncProperty(
        fc.array(
          fc.record({
            kind: fc.constantFrom('add' as const, 'remove' as const, 'mark' as const),
            which: fc.nat(50),
            rows: fc.uniqueArray(fc.nat(9), { maxLength: 6 }),
          }),
          { maxLength: 25 },
        ),
        fc.nat(25),
        async (steps, start) => {
          const { store, table } = await grown([]);
          const seen: Set<string>[] = [await liveRows(table)];
          for (const [at, { kind, which, rows }] of steps.entries()) {
            const files = [...table.state.files.values()];
            const file = files[which % Math.max(1, files.length)];
            const actions =
              file === undefined || kind === 'add' ? [{ add: add(`f${at}`, 10) }] : change(file, kind, rows);
            if (actions.length === 0) continue;
            await table.commit({ actions, operation: 'WRITE' });
            seen.push(await liveRows(table));
          }
          const from = start % seen.length;
          const rows = new Set(seen[Math.max(0, from - 1)]);
          for (const { version, files } of (await read(store, { from: { version: from } })) ?? []) {
            for (const file of files) {
              const { rows: named, selects } = await changedRows(file, { get: () => Promise.resolve(null) });
              for (let row = 0; row < 10; row += 1) {
                if (named.has(row) !== (selects === 'these')) continue;
                const id = `${file.path}/${row}`;
                // No row comes twice, and none goes that was not there.
                expect(rows.has(id)).toBe(file.changeType === 'delete');
                if (file.changeType === 'delete') rows.delete(id);
                else rows.add(id);
              }
            }
            expect(rows).toEqual(seen[version]);
          }
          expect(rows).toEqual(seen.at(-1));
        },
      ),
      { budgetMs: 3_000 },
    );
  });

  test('is found by times: from the first commit at or after one to the last at or before the other', async () => {
    const { store, startMs } = await grown([[{ add: add('a') }], [{ add: add('b') }], [{ add: add('c') }]]);
    store.nowMs += HOUR;
    const versions = async (fromH: number, toH?: number): Promise<number[] | undefined> => {
      const to = toH === undefined ? {} : { to: { timestampMs: startMs + toH * HOUR } };
      const changes = await read(store, { from: { timestampMs: startMs + fromH * HOUR }, ...to });
      return changes?.map(({ version, timestampMs }) => {
        expect(timestampMs).toBe(startMs + version * HOUR);
        return version;
      });
    };
    expect(await versions(0)).toEqual([0, 1, 2, 3]);
    expect(await versions(0.5, 2.5)).toEqual([1, 2]);
    expect(await versions(1, 2)).toEqual([1, 2]);
    expect(await versions(1.2, 1.7)).toEqual([]);
    expect(await versions(3.5)).toEqual([]);
    await expect(versions(5)).rejects.toMatchObject({ code: 'LAKE_VERSION_FUTURE' });
    await expect(read(store, { from: { version: 4 } })).rejects.toMatchObject({
      code: 'LAKE_VERSION_FUTURE',
    });
  });

  test('is refused for versions at which the feed was off, and for those that log clean-up took', async () => {
    const { store, table } = await grown([[{ add: add('a') }]], { 'delta.checkpointInterval': '4' });
    await expect(read(store, { from: { version: 0 } })).rejects.toMatchObject({
      code: 'LAKE_CHANGES_NOT_RECORDED',
    });
    const { metadata } = table.state;
    const configured = (configuration: Readonly<Record<string, string>>): Action => ({
      metaData: { ...metadata, configuration: { ...metadata.configuration, ...configuration } },
    });
    await table.commit({ actions: [configured(ON)], operation: 'SET TBLPROPERTIES' });
    await table.commit({ actions: [{ add: add('b') }], operation: 'WRITE' });
    expect(paths(await read(store, { from: { version: 2 } }))).toEqual([[], ['insert b']]);
    await table.commit({
      actions: [configured({ 'delta.enableChangeDataFeed': 'false' })],
      operation: 'SET TBLPROPERTIES',
    });
    await expect(read(store, { from: { version: 2 } })).rejects.toMatchObject({
      code: 'LAKE_CHANGES_NOT_RECORDED',
      context: { version: 4 },
    });
    store.nowMs += 40 * 24 * HOUR;
    for (const path of ['c', 'd', 'e', 'f'])
      await table.commit({ actions: [configured(ON), { add: add(path) }], operation: 'WRITE' });
    expect((await store.keys(`${ROOT}/_delta_log/`)).some((key) => key.endsWith('0002.json'))).toBe(false);
    await expect(read(store, { from: { version: 2 } })).rejects.toMatchObject({ code: 'LAKE_VERSION_GONE' });
    const before = { timestampMs: store.nowMs - 60 * 24 * HOUR };
    await expect(read(store, { from: before })).rejects.toMatchObject({ code: 'LAKE_VERSION_GONE' });
    expect(paths(await read(store, { from: { version: 6 } }))?.[0]).toEqual(['insert d']);
  });

  test('keeps change files out of the state and its checkpoints, and from readers that know no features', async () => {
    const removal = [removalOf(add('a'), 1), { add: add('b') }, cdc('_change_data/old')];
    const { store, table } = await grown([[{ add: add('a') }], removal], {
      'delta.enableChangeDataFeed': 'true',
    });
    await table.checkpoint();
    const { state } = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    expect([...state.files.keys()]).toEqual(['b']);
    expect(JSON.stringify(state.checkpointActions(0))).not.toContain('_change_data');
    expect(state.protocol).toEqual({
      minReaderVersion: 1,
      minWriterVersion: 7,
      writerFeatures: ['appendOnly', 'invariants', 'changeDataFeed'],
    });
  });

  test.each(['full', 'lite'] as const)(
    '%s vacuum takes change files that the retention has passed, not younger ones',
    async (mode) => {
      const { store, table, startMs } = await grown([]);
      const write = async (name: string): Promise<void> => {
        await store.put(`${ROOT}/_change_data/${name}`, Buffer.from('x'));
        await store.put(`${ROOT}/${name}`, Buffer.from('x'));
        await table.commit({
          actions: [{ add: add(name) }, cdc(`_change_data/${name}`)],
          operation: 'WRITE',
        });
      };
      await write('old');
      store.nowMs += 8 * 24 * HOUR;
      await write('young');
      store.nowMs += HOUR;
      await vacuumTable(table, store.around(), { mode });
      const left = (await store.keys(`${ROOT}/`)).map((key) => key.slice(ROOT.length + 1));
      expect(left.filter((key) => !key.startsWith('_delta_log'))).toEqual([
        '_change_data/young',
        'old',
        'young',
      ]);
      expect(paths(await read(store, { from: { timestampMs: startMs + HOUR } }))?.[0]).toEqual([
        '? _change_data/young',
      ]);
    },
  );
});

/** Rows of the table, each `path/row`. */
async function liveRows(table: DeltaTable): Promise<Set<string>> {
  const live = new Set<string>();
  for (const { path, deletionVector } of table.state.files.values()) {
    const { rows } = await changedRows(deletionVector === undefined ? {} : { without: deletionVector }, {
      get: () => Promise.resolve(null),
    });
    for (let row = 0; row < 10; row += 1) if (!rows.has(row)) live.add(`${path}/${row}`);
  }
  return live;
}

/** Another vector for the file, of these rows alone: others come back. Empty when it has that already. */
function change(file: AddFile, kind: 'remove' | 'mark', rows: readonly number[]): Action[] {
  if (kind === 'remove') return [removalOf(file, 1)];
  if (rows.length === 0) {
    const { deletionVector, ...whole } = file;
    return deletionVector === undefined ? [] : [removalOf(file, 1), { add: whole }];
  }
  const vector = packCommitVectors([RowSet.of(rows)], '00000000-0000-4000-8000-000000000000').descriptors[0];
  if (vector === undefined || vector.pathOrInlineDv === file.deletionVector?.pathOrInlineDv) return [];
  return markedFile(file, vector, 1);
}
