import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { ClockedStore } from '../test/clocked-store.ts';
import { anyStep, RandomHistory, ROOT } from '../test/random-history.ts';
import { DeltaTable, field, type TableState } from './index.ts';
import { cleanLog } from './log-cleanup.ts';

const DAY = 86_400_000;
const paths = (state: TableState): string[] =>
  [...state.files.values()]
    .map(({ path, deletionVector }) => `${path} ${deletionVector?.pathOrInlineDv ?? ''}`)
    .sort();

async function grown(
  store: ClockedStore,
  configuration: Record<string, string>,
  commits: number,
): Promise<RandomHistory> {
  const history = new RandomHistory(store);
  await history.create(configuration);
  for (let n = 0; n < commits; n += 1) {
    store.nowMs += DAY;
    await history.take({ kind: 'write', partition: null });
  }
  return history;
}

describe('log clean-up', () => {
  test('keeps the newest checkpoint at or before the cut with its commit, and removes what is before', async () => {
    const store = new ClockedStore();
    await grown(store, { 'delta.logRetentionDuration': 'interval 10 days' }, 30);
    const left = await store.keys(`${ROOT}/_delta_log/`);
    // Version 30 is of day 30: the cut is version 20, its checkpoint version 18.
    expect(left[0]).toMatch(/00018\.checkpoint\.parquet$/);
    expect(left[1]).toMatch(/00018\.json$/);
    const newest = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    expect(newest.state.files.size).toBe(30);
    expect((await DeltaTable.openAt(ROOT, { version: 20 }, store.around()))?.state.files.size).toBe(20);
    await expect(DeltaTable.openAt(ROOT, { version: 17 }, store.around())).rejects.toMatchObject({
      code: 'LAKE_VERSION_GONE',
    });
  });

  test.each([
    ['by default for thirty days', {}, 35, 3],
    [
      'for good where it is switched off',
      { 'delta.logRetentionDuration': 'interval 1 days', 'delta.enableExpiredLogCleanup': 'false' },
      35,
      0,
    ],
    ['for good where the property is no interval', { 'delta.logRetentionDuration': 'a while' }, 35, 0],
  ])('keeps commits %s', async (_, configuration, commits, first) => {
    const store = new ClockedStore();
    await grown(store, configuration, commits);
    const [earliest = ''] = (await store.keys(`${ROOT}/_delta_log/`)).filter((key) => key.endsWith('.json'));
    expect(Number(/(\d{20})\.json$/.exec(earliest)?.[1])).toBe(first);
  });

  test('killed at any deletion, beside any history: a retained version is what it was, an older one the same or gone', async () => {
    await checkProperty(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 5, maxLength: 40 }),
        fc.array(fc.record({ hours: fc.nat(400), survives: fc.nat(30) }), { minLength: 1, maxLength: 3 }),
        async (steps, cleanups) => {
          const store = new ClockedStore();
          const history = new RandomHistory(store);
          await history.create({ 'delta.enableExpiredLogCleanup': 'false' });
          for (const step of steps) await history.take(step);
          const before = new Map<number, string[]>();
          for (const { version } of history.versions)
            before.set(
              version,
              paths((await DeltaTable.openAt(ROOT, { version }, store.around()))?.state as TableState),
            );
          for (const { hours, survives } of cleanups) {
            const cutMs = store.nowMs - hours * 3_600_000;
            store.diesAfter = survives;
            await cleanLog(store, ROOT, cutMs).catch(() => undefined);
            store.diesAfter = Infinity;
            const retained = new Set(history.currentSince(cutMs + 1).map(({ version }) => version));
            for (const { version } of history.versions) {
              const seen = await DeltaTable.openAt(ROOT, { version }, store.around()).catch(
                (error: unknown) => error,
              );
              if (retained.has(version) || !(seen instanceof Error))
                expect([version, paths((seen as DeltaTable).state)]).toEqual([version, before.get(version)]);
              else expect(seen).toMatchObject({ code: 'LAKE_VERSION_GONE' });
              // Once the cut has moved back further, versions that were removed stay removed.
              if (seen instanceof Error) before.delete(version);
            }
            history.versions.splice(
              0,
              history.versions.length,
              ...history.versions.filter(({ version }) => before.has(version)),
            );
            expect(paths(((await DeltaTable.open(ROOT, store.around())) as DeltaTable).state)).toEqual(
              [...before.values()].at(-1),
            );
          }
        },
      ),
      { budgetMs: 4_000 },
    );
  });

  test('that fails is told, and the commit it came after stands', async () => {
    const store = new ClockedStore();
    const history = await grown(store, { 'delta.logRetentionDuration': 'interval 2 days' }, 5);
    const told: string[] = [];
    const around = { ...store.around(), onUpkeepFailed: (_: unknown, root: string) => told.push(root) };
    const table = (await DeltaTable.open(ROOT, around)) as DeltaTable;
    store.nowMs += 5 * DAY;
    store.diesAfter = 0;
    expect(await table.commit({ actions: [], operation: 'WRITE' })).toBe(6);
    expect(told).toEqual([ROOT]);
    store.diesAfter = Infinity;
    for (let n = 0; n < 3; n += 1) await history.take({ kind: 'write', partition: null });
    expect((await store.keys(`${ROOT}/_delta_log/`))[0]).toMatch(/0003\.checkpoint\.parquet$/);
  });

  test('a writer that slept through it commits nothing that nobody would see, and a reader catches up', async () => {
    const store = new ClockedStore();
    const history = await grown(store, { 'delta.logRetentionDuration': 'interval 2 days' }, 4);
    const [writer, reader] = [
      (await DeltaTable.open(ROOT, store.around())) as DeltaTable,
      (await DeltaTable.open(ROOT, store.around())) as DeltaTable,
    ];
    for (let n = 0; n < 12; n += 1) {
      store.nowMs += DAY;
      await history.take({ kind: 'write', partition: null });
    }
    expect((await store.keys(`${ROOT}/_delta_log/`)).some((key) => key.endsWith('00005.json'))).toBe(false);
    await expect(writer.commit({ actions: [], operation: 'WRITE' })).rejects.toMatchObject({
      code: 'LAKE_COMMIT_CONFLICT',
    });
    expect((await store.keys(`${ROOT}/_delta_log/`)).some((key) => key.endsWith('00005.json'))).toBe(false);
    // One that slept, but not past what is left, follows what happened meanwhile.
    const late = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    await history.take({ kind: 'write', partition: null });
    store.nowMs += DAY;
    expect(await late.commit({ actions: [], operation: 'WRITE' })).toBe(18);
    expect(await reader.refresh()).toBe(14);
    expect(reader.state.files.size).toBe(17);
    // Version 0 is free, and must not be taken by whoever believes that there is no table.
    const created = await DeltaTable.create(ROOT, { schema: { type: 'struct', fields: [] } }, store.around());
    expect(created.state.version).toBe(18);
  });

  test('beside twenty writers that sleep as they like loses no commit that was reported', async () => {
    const store = new ClockedStore();
    const schema = { type: 'struct', fields: [field('id', 'long')] } as const;
    const configuration = {
      'delta.checkpointInterval': '5',
      'delta.logRetentionDuration': 'interval 0 seconds',
    };
    await DeltaTable.create(ROOT, { schema, configuration }, store.around());
    const committed = new Map<string, number>();
    let fenced = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, writer) => {
        let table = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
        for (let n = 0; n < 12; n += 1) {
          const path = `w-${writer}-${n}.parquet`;
          const add = { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true };
          // Some are always there, some look once a day.
          for (let turn = 0; turn < (writer % 5) * 400; turn += 1) await Promise.resolve();
          store.nowMs += (1 + writer) * 60_000;
          try {
            committed.set(path, await table.commit({ actions: [{ add }], operation: 'WRITE' }));
          } catch (error) {
            expect(error).toMatchObject({ code: 'LAKE_COMMIT_CONFLICT' });
            fenced += 1;
            table = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
          }
        }
      }),
    );
    const { state } = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    expect([...state.files.keys()].sort()).toEqual([...committed.keys()].sort());
    expect(new Set(committed.values()).size).toBe(committed.size);
    expect(committed.size + fenced).toBe(240);
    // It was cleaned up meanwhile, or this would prove nothing.
    expect((await store.keys(`${ROOT}/_delta_log/`)).some((key) => key.endsWith('00005.json'))).toBe(false);
  });
});
