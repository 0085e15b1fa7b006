import { afterEach, expect, test } from '@jest/globals';
import type { StoredObject, TableHealth } from '@hasivu/lake-engine';
import { waitFor } from '@hasivu/testing';
import { Registry } from 'prom-client';
import { tablePolicy } from '../core/table-policy.ts';
import { chooseJobs, type TableFacts } from '../core/work-choice.ts';
import { createKeeperMetrics } from '../metrics.ts';
import { KeptCapacity } from './kept-capacity.ts';

const GB = 1e9;
const HOUR = 3_600_000;
let stop = new AbortController();
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});

interface Kept {
  readonly capacity: KeptCapacity;
  readonly logs: readonly { readonly code?: string }[];
  readonly withoutRoom: () => Promise<number | undefined>;
}

/** What the keeper knows of a lake of 100 GB, once it was listed. */
async function keptOf(usedBytes: number, warnAtRatio = 0.8): Promise<Kept> {
  const logs: { code?: string }[] = [];
  const log = (facts: object): void => void logs.push(facts);
  const metrics = createKeeperMetrics(new Registry());
  const store = {
    async *list(): AsyncGenerator<StoredObject> {
      yield await Promise.resolve({ key: 'bronze/public/t/a.parquet', sizeBytes: usedBytes, modifiedMs: 0 });
    },
  };
  const capacity = new KeptCapacity(
    { maxBytes: 100 * GB, warnAtRatio, listEveryMs: 60_000, recheckEveryMs: 60_000 },
    store,
    metrics,
    {
      logger: { info: log, warn: log, error: log } as never,
      countError: () => undefined,
      alive: () => undefined,
      signal: stop.signal,
    },
  );
  void capacity.run();
  await waitFor('the first listing', async () => ((await metrics.usedBytes.get()).values[0]?.value ?? 0) > 0);
  return {
    capacity,
    logs,
    withoutRoom: async () => (await metrics.withoutRoom.get()).values[0]?.value,
  };
}

function table(dueBytes: number, hoursSinceVacuum = 2): TableFacts {
  const maintenance = {
    enabled: true,
    intervalMs: 1,
    concurrency: 1,
    compaction: { enabled: true, minFiles: 4, maxDeletedShare: 0.2, settleMs: 0 },
    vacuum: { enabled: true, everyHours: 24 },
  };
  const columns = { all: new Set<string>(), partitions: [] };
  return {
    root: 't',
    policy: tablePolicy({ layer: 'bronze', table: 't', config: {} }, { maintenance }, columns),
    health: { dueFiles: dueBytes === 0 ? 0 : 9, dueBytes } as TableHealth,
    vacuumedMs: Date.now() - hoursSinceVacuum * HOUR,
    fileRetentionMs: 168 * HOUR,
    createdMs: 0,
    retentionCutMs: null,
    isRetained: true,
    tieredMs: null,
  };
}
const kinds = ({ capacity }: Kept, of: TableFacts): string[] =>
  chooseJobs([of], Date.now(), capacity.room).map(({ kind }) => kind);

test('a lake in which a flush of the sink does not fit any more is vacuumed hourly, and not compacted into its rest', async () => {
  const kept = await keptOf(99.995 * GB);
  expect(kinds(kept, table(0))).toEqual(['vacuum']);
  expect(kinds(kept, table(4e6, 0.5))).toEqual([]);
  expect(kept.capacity.reserve(4e6)).toBeNull();
  // However late it is warned.
  const late = await keptOf(96 * GB, 1);
  expect(kinds(late, table(0))).toEqual(['vacuum']);
});

test('rewrites fill the lake up to where it is warned at most', async () => {
  const kept = await keptOf(61 * GB);
  expect(kinds(kept, table(38 * GB))).toEqual([]);
  expect(kinds(kept, table(19 * GB))).toEqual(['optimize']);
  expect(kept.capacity.reserve(19.1 * GB)).toBeNull();
  expect(kept.capacity.reserve(19 * GB)).not.toBeNull();
});

test('a table does not lack room because of a rewrite that is under way', async () => {
  const kept = await keptOf(61 * GB);
  const release = kept.capacity.reserve(15 * GB);
  kept.capacity.looked([table(10 * GB)]);
  expect([kept.logs, await kept.withoutRoom()]).toEqual([[], 0]);
  // It is begun after the other all the same.
  expect(kinds(kept, table(10 * GB))).toEqual([]);
  release?.();
  expect(kinds(kept, table(10 * GB))).toEqual(['optimize']);
  kept.capacity.looked([table(20 * GB)]);
  expect(kept.logs).toMatchObject([{ code: 'LAKE_CAPACITY_EXCEEDED', rewritesUpToBytes: 80 * GB }]);
});
