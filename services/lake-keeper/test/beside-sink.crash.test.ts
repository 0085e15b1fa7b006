import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { DeltaTable } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { SeededRandom, spawnService, type SpawnedService } from '@hasivu/testing';
import { ChangeFeed, type Change } from '../../lake-sink/test/change-feed.ts';
import { ORDERS } from '../../lake-sink/test/orders-table.ts';
import { MARK_ALWAYS, SinkFixture } from '../../lake-sink/test/sink-fixture.ts';
import { FAILPOINTS, type FailpointName } from '../src/io/failpoint.ts';

const SILVER = 'silver/public/orders';
const BRONZE = 'bronze/public/orders';
/** Whatever can be rewritten is, without a pause: nobody would run it like that. */
const TIGHT_LOOP = {
  intervalMs: 10,
  compaction: { minFiles: 2, settleMs: 0, maxDeletedShare: 0 },
};

/** Changes as fast as the source has them, and what they come to. */
class Load {
  readonly rows = new Map<number, number>();
  readonly #random = new SeededRandom(5);
  sent = 0;
  #n = 0;

  next(count: number): Change[] {
    const changes: Change[] = [];
    this.#n += 1;
    // A few neighbours at a time: other files of the state stay as they are, so there is something to compact.
    const from = this.#random.between(0, 399) * 10;
    for (let at = 0; at < count; at += 1) {
      const id = from + this.#random.between(0, 9);
      const known = this.rows.has(id);
      if (known && this.#random.between(0, 9) === 0) {
        this.rows.delete(id);
        changes.push({ op: 'd', row: { id, n: this.#n } });
      } else {
        this.rows.set(id, this.#n);
        changes.push({ op: known ? 'u' : 'c', row: { id, n: this.#n } });
      }
    }
    this.sent += changes.length;
    return changes;
  }

  get wanted(): string {
    return show([...this.rows].map(([id, n]) => ({ id, n })));
  }
}

function show(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows
    .map((row) => `${String(row['id'])}=${String(row['n'])}`)
    .sort()
    .join();
}

function keeper(sink: SinkFixture, failpoint = ''): Promise<SpawnedService> {
  const { accessKeyId, secretAccessKey } = sink.lake;
  return spawnService('lake-keeper', sink.configPath, {
    env: { LAKE_KEY: accessKeyId, LAKE_SECRET: secretAccessKey, HASIVU_FAILPOINT: failpoint },
  });
}

/** Commits of the table by what they did. */
async function operations(sink: SinkFixture, root: string): Promise<Map<string, number>> {
  const store = createS3Store(sink.lake);
  try {
    const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: () => 'reader' });
    const entries = (await table?.history(5_000)) ?? [];
    const counts = new Map<string, number>();
    for (const { commitInfo } of entries) {
      const name = commitInfo?.operation ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  } finally {
    store.close();
  }
}

const ways = [
  { way: 'files are rewritten', deletionVectors: { enabled: false } },
  { way: 'rows are marked', deletionVectors: { ...MARK_ALWAYS, maxDeletedShare: 0.9 } },
];

describe.each(ways)('beside a sink by which $way, a keeper in a tight loop', ({ deletionVectors }) => {
  test.each(FAILPOINTS)(
    'killed at %s changes no row, and the sink never fails over it',
    async (failpoint: FailpointName) => {
      await using sink = await SinkFixture.create('keeper', {
        deletionVectors,
        flush: { intervalMs: 100 },
        maintenance: TIGHT_LOOP,
      });
      await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 3 });
      const load = new Load();
      await feed.send(...load.next(200));
      const running = await sink.start();
      const upTo = async (done: () => boolean): Promise<void> => {
        for (let round = 0; !done() && round < 600; round += 1) {
          await feed.send(...load.next(20));
          await sleep(50);
        }
      };
      for (const hits of [1, 3]) {
        await using killed = await keeper(sink, `${failpoint}:${hits}`);
        await upTo(() => !killed.running);
        expect((await killed.exited).signal).toBe('SIGKILL');
      }
      await using kept = await keeper(sink);
      await kept.waitReady();
      const untilMs = Date.now() + 4_000;
      await upTo(() => Date.now() > untilMs);
      await sink.until(SILVER, 'the last change per key', ({ rows }) => show(rows) === load.wanted);
      // Under this load the sink mostly is first, which is as it should be: the keeper comes to silver once it is quieter.
      const hasCome = async (): Promise<boolean> =>
        (await operations(sink, SILVER)).has('OPTIMIZE') &&
        ((await operations(sink, BRONZE)).get('OPTIMIZE') ?? 0) > 4;
      for (let round = 0; round < 20 && !(await hasCome()); round += 1) {
        await feed.send(...load.next(20));
        await sleep(1_500);
      }
      await sink.until(SILVER, 'the last changes of all', ({ rows }) => show(rows) === load.wanted);
      expect(running.running).toBe(true);
      expect(running.logs.filter((line) => ['error', 'fatal'].includes(String(line['level'])))).toEqual([]);
      const bronze = await sink.until(BRONZE, 'every change', ({ rows }) => rows.length >= load.sent);
      const positions = bronze.rows.map((row) => `${String(row['_lsn'])}/${String(row['_seq'])}`);
      expect([positions.length, new Set(positions).size]).toEqual([load.sent, load.sent]);
      expect((await operations(sink, BRONZE)).get('OPTIMIZE')).toBeGreaterThan(4);
      expect((await operations(sink, SILVER)).get('OPTIMIZE')).toBeGreaterThan(0);
      expect(await kept.metrics()).toContain('hasivu_keeper_tables_set_aside 0');
      expect(kept.running).toBe(true);
      expect((await kept.stop()).code).toBe(0);
    },
    600_000,
  );
});
