import { setTimeout as sleep } from 'node:timers/promises';

import { processUse } from '../process-cpu.ts';
import { END_TABLE, type LoadedLog } from './cell-load.ts';
import type { DrainSample, Scene } from './peer.ts';

const POLL_MS = 25;
const WITHIN_MS = 15 * 60_000;

interface Moment {
  readonly ms: number;
  readonly records: number;
  readonly peer: number;
  readonly walsender: number;
  readonly broker: number;
}

/** Watches a peer's topics from outside until the whole load is in them. */
export async function watchTopics(
  scene: Scene,
  log: LoadedLog,
  peer: {
    readonly prefix: string;
    readonly slot: string;
    readonly pid: number;
    /** @throws Error when the peer has failed */
    readonly check: () => Promise<void> | void;
  },
): Promise<DrainSample> {
  const topic = `${peer.prefix}.public.${scene.table}`;
  const endTopic = `${peer.prefix}.public.${END_TABLE}`;
  const deadline = performance.now() + WITHIN_MS;
  let walsender = 0;
  const now = (records: number): Moment => ({
    ms: performance.now(),
    records,
    peer: processUse(peer.pid).cpuSeconds,
    walsender: walsender === 0 ? 0 : processUse(walsender).cpuSeconds,
    broker: processUse(scene.brokerPid).cpuSeconds,
  });
  let begin = now(0);
  for (;;) {
    scene.signal.throwIfAborted();
    await peer.check();
    if (performance.now() > deadline)
      throw new Error(`${topic} did not fill within ${WITHIN_MS / 60_000} minutes`);
    const records = await recordsIn(scene, topic, 'read_uncommitted');
    if (walsender === 0) walsender = await walsenderOf(scene, peer.slot);
    if (begin.records === 0 && records >= log.warmUpRecords) {
      if (records < log.records) begin = now(records);
      else
        scene.report('  too few rows: they passed while nobody looked, and its start is measured with them');
    }
    // The transactions' own markers count as records, so only the end's mark tells that everything is there.
    if (records >= log.records && (await recordsIn(scene, endTopic, 'read_committed')) > 0) {
      if (begin.records === 0)
        scene.report('  too few rows: they passed between two looks, and the start is measured with them');
      return sample(log, begin, now(records), processUse(peer.pid).peakRssMiB);
    }
    await sleep(POLL_MS);
  }
}

function sample(log: LoadedLog, begin: Moment, end: Moment, peakRssMiB: number): DrainSample {
  const share = (log.records - begin.records) / log.records;
  return {
    rows: Math.round((log.warmUpRows + log.rows) * share),
    seconds: (end.ms - begin.ms) / 1000,
    cpuSeconds: {
      peer: end.peer - begin.peer,
      walsender: end.walsender - begin.walsender,
      broker: end.broker - begin.broker,
    },
    peakRssMiB,
  };
}

/** Records and transaction markers of all partitions. */
export async function recordsIn(
  scene: Pick<Scene, 'cluster'>,
  topic: string,
  isolation: 'read_committed' | 'read_uncommitted',
): Promise<number> {
  const ends = await scene.cluster.endOffsets(topic, isolation);
  return Number([...ends.values()].reduce((sum, end) => sum + end, 0n));
}

/** Process that feeds the slot's reader; 0 while nobody reads it. */
export async function walsenderOf(scene: Pick<Scene, 'database'>, slot: string): Promise<number> {
  const [row] = await scene.database.query<{ pid: number | null }>(
    'select active_pid as pid from pg_replication_slots where slot_name = $1',
    [slot],
  );
  return row?.pid ?? 0;
}
