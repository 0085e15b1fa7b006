import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { ClockedStore } from '../../test/clocked-store.ts';
import { anyStep, RandomHistory, ROOT } from '../../test/random-history.ts';
import { DeltaTable, vacuumTable, type VacuumOptions } from '../index.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HIDDEN = /^(_tmp|\.hidden|_delta_log)\//;

async function world(): Promise<{ store: ClockedStore; history: RandomHistory }> {
  const store = new ClockedStore();
  const history = new RandomHistory(store);
  await history.create({});
  return { store, history };
}

/** Keys under the table's folder. */
async function filesOf(store: ClockedStore): Promise<string[]> {
  return (await store.keys(`${ROOT}/`)).map((key) => key.slice(ROOT.length + 1));
}

function vacuum(store: ClockedStore, history: RandomHistory, options: VacuumOptions) {
  return vacuumTable(history.table, store.around(), options);
}

/** Every file that a version within the retention names is there, and so is every file that is younger. */
async function expectSafe(store: ClockedStore, history: RandomHistory, keptFromMs: number): Promise<void> {
  const there = new Set(await filesOf(store));
  const young = history.orphans.filter(({ atMs }) => atMs >= keptFromMs).map(({ key }) => key);
  for (const key of [...neededSince(history, keptFromMs), ...young])
    expect([key, there.has(key)]).toEqual([key, true]);
}

function neededSince(history: RandomHistory, keptFromMs: number): Set<string> {
  return new Set(history.currentSince(keptFromMs).flatMap(({ files }) => [...files]));
}

describe('vacuum', () => {
  test('of any history leaves what a retained version needs, and nothing else that is old; killed, it does no harm', async () => {
    await checkProperty(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 40 }),
        fc.array(
          fc.record({
            hours: fc.constantFrom(0, 1, 24, 168, 500),
            mode: fc.constantFrom('lite' as const, 'full' as const),
            survives: fc.nat(12),
            more: fc.array(anyStep, { maxLength: 8 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        async (steps, vacuums) => {
          const { store, history } = await world();
          for (const step of steps) await history.take(step);
          // A vacuum that kept less has ended versions that a later one would keep.
          let endedMs = -Infinity;
          for (const { hours, mode, survives, more } of vacuums) {
            const keptFromMs = store.nowMs - hours * HOUR;
            endedMs = Math.max(endedMs, keptFromMs);
            const options = { mode, retentionMs: hours * HOUR, unsafeRetention: true };
            store.diesAfter = survives;
            await vacuum(store, history, options).catch((error: unknown) =>
              expect(error).toMatchObject({ message: 'the process is dead' }),
            );
            store.diesAfter = Infinity;
            await expectSafe(store, history, endedMs);
            const { foundFiles } = await vacuum(store, history, { ...options, dryRun: true });
            const report = await vacuum(store, history, options);
            expect(report.deletedFiles).toBe(foundFiles);
            await expectSafe(store, history, endedMs);
            if (mode === 'full') {
              const isYoung = (key: string): boolean =>
                history.isYounger(key, keptFromMs) ||
                history.orphans.some((orphan) => orphan.key === key && orphan.atMs >= keptFromMs);
              const needed = neededSince(history, keptFromMs);
              const left = (await filesOf(store)).filter((key) => !HIDDEN.test(key) && !needed.has(key));
              expect(left.filter((key) => !isYoung(key))).toEqual([]);
            }
            for (const step of more) await history.take(step);
          }
        },
      ),
      { budgetMs: 6_000 },
    );
  });

  test('leaves hidden folders, finds change data, partitions that look hidden, and the leavings of crashed writers', async () => {
    const { store, history } = await world();
    for (const folder of ['', 'day=1/', '_tmp/', '.hidden/', '_change_data/'])
      await history.take({ kind: 'orphan', folder });
    await store.put(`${ROOT}/_part=x/old.parquet`, Buffer.from('x'));
    await store.put(`${ROOT}/day=1/_SUCCESS`, Buffer.from(''));
    await store.put(`${ROOT}/deletion_vector_00000000-0000-4000-8000-000000000000.bin`, Buffer.from('x'));
    store.nowMs += 8 * DAY;
    await store.put(`${ROOT}/young.parquet`, Buffer.from('x'));
    const found: string[] = [];
    await vacuum(store, history, { onFound: ({ path }) => found.push(path) });
    expect(found).toEqual([
      '_change_data/orphan-5.parquet',
      '_part=x/old.parquet',
      'day=1/orphan-2.parquet',
      'deletion_vector_00000000-0000-4000-8000-000000000000.bin',
      'orphan-1.parquet',
    ]);
    expect((await filesOf(store)).filter((key) => !key.startsWith('_delta_log'))).toEqual([
      '.hidden/orphan-4.parquet',
      '_tmp/orphan-3.parquet',
      'day=1/_SUCCESS',
      'young.parquet',
    ]);
  });

  test('keeps the vector that a retained version marks rows with, though the file has another one now', async () => {
    const { store, history } = await world();
    await history.take({ kind: 'write', partition: null });
    await history.take({ kind: 'mark', which: 0 });
    store.nowMs += 8 * DAY;
    await history.take({ kind: 'mark', which: 0 });
    const vectors = async (): Promise<number> =>
      (await filesOf(store)).filter((key) => key.endsWith('.bin')).length;
    store.nowMs += 6 * DAY;
    await vacuum(store, history, {});
    expect(await vectors()).toBe(2);
    store.nowMs += 2 * DAY;
    await vacuum(store, history, { mode: 'lite' });
    expect(await vectors()).toBe(1);
  });

  test('keeps files for longer than the table remembers removals, where that is asked for', async () => {
    const { store, history } = await world();
    await history.take({ kind: 'write', partition: null });
    store.nowMs += 30 * DAY;
    await history.take({ kind: 'delete', which: 0 });
    store.nowMs += 10 * DAY;
    for (let n = 0; n < 4; n += 1) await history.take({ kind: 'write', partition: null });
    const reopened = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    expect([...reopened.state.tombstones]).toEqual([]);
    const kept = { dryRun: true, retentionMs: 20 * DAY };
    expect(await vacuumTable(reopened, store.around(), kept)).toMatchObject({ foundFiles: 0 });
    expect(await vacuumTable(reopened, store.around(), { dryRun: true })).toMatchObject({ foundFiles: 1 });
  });

  test('says in the log what it is about to do and what became of it, as Spark does', async () => {
    const { store, history } = await world();
    await history.take({ kind: 'write', partition: null });
    await history.take({ kind: 'delete', which: 0 });
    store.nowMs += 8 * DAY;
    expect(await vacuum(store, history, { dryRun: true })).toMatchObject({ foundFiles: 1, deletedFiles: 0 });
    expect((await history.table.history())[0]?.commitInfo?.operation).toBe('WRITE');
    expect(await vacuum(store, history, {})).toMatchObject({ foundFiles: 1, foundBytes: 1, deletedFiles: 1 });
    const [end, start] = await history.table.history();
    expect(start?.commitInfo).toMatchObject({
      operation: 'VACUUM START',
      operationParameters: { retentionCheckEnabled: 'true', defaultRetentionMillis: '604800000' },
      operationMetrics: { numFilesToDelete: '1', sizeOfDataToDelete: '1' },
    });
    expect(end?.commitInfo).toMatchObject({
      operation: 'VACUUM END',
      operationParameters: { status: 'COMPLETED' },
      operationMetrics: { numDeletedFiles: '1' },
    });
    await history.take({ kind: 'write', partition: null });
    await history.take({ kind: 'delete', which: 0 });
    store.nowMs += 8 * DAY;
    store.diesAfter = 0;
    await expect(vacuum(store, history, {})).rejects.toThrow('dead');
    expect((await history.table.history())[0]?.commitInfo?.operationParameters).toEqual({ status: 'FAILED' });
  });

  test.each([
    [{ retentionMs: 6 * DAY }, {}],
    [{ retentionMs: 8 * DAY }, { 'delta.deletedFileRetentionDuration': 'interval 10 days' }],
    [{}, { 'delta.deletedFileRetentionDuration': 'interval 1 hours' }],
    [{ retentionMs: -1, unsafeRetention: true }, {}],
  ])('refuses a retention that is too short: %j with %j', async (options, configuration) => {
    const store = new ClockedStore();
    const history = new RandomHistory(store);
    await history.create(configuration);
    await expect(vacuum(store, history, options)).rejects.toMatchObject({
      code: 'LAKE_RETENTION_TOO_SHORT',
      retry: 'manual',
    });
    expect(history.table.state.version).toBe(0);
  });

  test('by the log alone begins where the last one ended, and asks for a listing where commits are gone', async () => {
    const store = new ClockedStore();
    const history = new RandomHistory(store);
    await history.create({ 'delta.logRetentionDuration': 'interval 9 days' });
    for (let n = 0; n < 4; n += 1) {
      await history.take({ kind: 'write', partition: null });
      await history.take({ kind: 'delete', which: 0 });
      store.nowMs += 2 * DAY;
    }
    expect(await vacuum(store, history, { mode: 'lite', dryRun: true })).toMatchObject({ foundFiles: 1 });
    expect(await vacuum(store, history, { mode: 'lite' })).toMatchObject({ deletedFiles: 1 });
    expect(await vacuum(store, history, { mode: 'lite' })).toMatchObject({ foundFiles: 0 });
    store.nowMs += 5 * DAY + HOUR;
    expect(await history.table.cleanLog()).toBeGreaterThan(0);
    await expect(vacuum(store, history, { mode: 'lite' })).rejects.toMatchObject({
      code: 'LAKE_VACUUM_NEEDS_LISTING',
    });
    expect(await vacuum(store, history, {})).toMatchObject({ deletedFiles: 3 });
    expect(await vacuum(store, history, { mode: 'lite' })).toMatchObject({ foundFiles: 0 });
  });

  test('does not touch a table that nobody here could write', async () => {
    const { store, history } = await world();
    const protocol = {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['vacuumProtocolCheck'],
      writerFeatures: ['vacuumProtocolCheck', 'rowTracking'],
    };
    const other = (await DeltaTable.open(ROOT, store.around())) as DeltaTable;
    await other.commit({ actions: [{ protocol }], operation: 'UPGRADE PROTOCOL' });
    await expect(vacuum(store, history, {})).rejects.toThrow('rowTracking');
  });
});
