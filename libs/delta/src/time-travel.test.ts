import { describe, expect, test } from '@jest/globals';
import { ClockedStore } from '../test/clocked-store.ts';
import { RandomHistory, ROOT } from '../test/random-history.ts';
import { DeltaTable } from './index.ts';

const HOUR = 3_600_000;

async function grown(
  commits: number,
  stepMs: (n: number) => number,
  configuration: Readonly<Record<string, string>> = {},
): Promise<{ store: ClockedStore; startMs: number }> {
  const store = new ClockedStore();
  const startMs = store.nowMs;
  const history = new RandomHistory(store);
  await history.create(configuration);
  for (let n = 1; n <= commits; n += 1) {
    store.nowMs += stepMs(n);
    await history.take({ kind: 'write', partition: null });
  }
  return { store, startMs };
}

const versionAt = async (store: ClockedStore, timestampMs: number): Promise<number | undefined> =>
  (await DeltaTable.openAt(ROOT, { timestampMs }, store.around()))?.state.version;

describe('a table as it was', () => {
  test('at every version has the files of that version, with a checkpoint below or without', async () => {
    const { store } = await grown(11, () => HOUR);
    for (let version = 0; version <= 11; version += 1)
      expect((await DeltaTable.openAt(ROOT, { version }, store.around()))?.state.files.size).toBe(version);
    expect(await DeltaTable.openAt('no/such/table', { version: 0 }, store.around())).toBeNull();
  });

  test('at a time is what the last commit at or before it made', async () => {
    const { store, startMs } = await grown(7, () => HOUR);
    for (let version = 0; version <= 7; version += 1) {
      expect(await versionAt(store, startMs + version * HOUR)).toBe(version);
      if (version < 7) expect(await versionAt(store, startMs + (version + 1) * HOUR - 1)).toBe(version);
    }
    store.nowMs += HOUR;
    expect(await versionAt(store, store.nowMs)).toBe(7);
  });

  test('is found by time where commits share a time or a clock went back, as Delta orders them', async () => {
    // Commits 1 to 3 of one moment, 4 an hour before it.
    const { store, startMs } = await grown(5, (n) =>
      n === 1 ? 2 * HOUR : n === 4 ? -HOUR : n === 5 ? 5 * HOUR : 0,
    );
    const table = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    const history = await table.history();
    expect(history.map(({ version, timestampMs }) => [version, timestampMs - startMs])).toEqual([
      [5, 6 * HOUR],
      [4, 2 * HOUR + 3],
      [3, 2 * HOUR + 2],
      [2, 2 * HOUR + 1],
      [1, 2 * HOUR],
      [0, 0],
    ]);
    for (const { version, timestampMs } of history) expect(await versionAt(store, timestampMs)).toBe(version);
  });

  test('in the future, or before the first commit, is refused by name', async () => {
    const { store, startMs } = await grown(3, () => HOUR);
    const refused = async (
      moment: { version: number } | { timestampMs: number },
      code: string,
    ): Promise<void> => {
      await expect(DeltaTable.openAt(ROOT, moment, store.around())).rejects.toMatchObject({
        code,
        retry: 'manual',
      });
    };
    await refused({ version: 4 }, 'LAKE_VERSION_FUTURE');
    await refused({ version: 4_000_000 }, 'LAKE_VERSION_FUTURE');
    await refused({ timestampMs: store.nowMs + 1 }, 'LAKE_VERSION_FUTURE');
    await refused({ timestampMs: startMs - 1 }, 'LAKE_VERSION_GONE');
  });

  test('is looked for no further back than its checkpoint', async () => {
    const { store } = await grown(1_210, () => 1_000, { 'delta.checkpointInterval': '100' });
    const listed: string[] = [];
    const list = store.list.bind(store);
    store.list = async function* (prefix: string, startAfter?: string) {
      for await (const entry of list(prefix, startAfter)) {
        listed.push(entry.key);
        yield entry;
      }
    };
    expect((await DeltaTable.openAt(ROOT, { version: 1_000 }, store.around()))?.state.files.size).toBe(1_000);
    expect(listed.length).toBeLessThan(600);
  });
});

describe('history', () => {
  test('is newest first, bounded, with what each commit did', async () => {
    const { store } = await grown(9, () => HOUR);
    const table = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    await table.commit({ actions: [], operation: 'OPTIMIZE', operationMetrics: { numRemovedFiles: '0' } });
    const history = await table.history(3);
    expect(history.map(({ version, commitInfo }) => [version, commitInfo?.operation])).toEqual([
      [10, 'OPTIMIZE'],
      [9, 'WRITE'],
      [8, 'WRITE'],
    ]);
    expect(history[0]?.commitInfo?.operationMetrics).toEqual({ numRemovedFiles: '0' });
    expect(await table.history(500)).toHaveLength(11);
  });

  test('of a commit without a description has an entry with none', async () => {
    const { store } = await grown(1, () => HOUR);
    await store.put(
      `${ROOT}/_delta_log/00000000000000000002.json`,
      Buffer.from('{"txn":{"appId":"a","version":1}}\n'),
    );
    const table = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    expect((await table.history())[0]).toMatchObject({ version: 2, commitInfo: null });
  });
});
