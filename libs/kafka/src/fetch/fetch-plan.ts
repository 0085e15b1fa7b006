import type { PartitionState } from './partition-state.ts';

/** Batches of one partition that may wait; beyond, it is left out of requests so that it cannot crowd out the others. */
const MAX_QUEUED_BATCHES = 2;

/** What one request to a leader would ask for. */
export interface LeaderRequest {
  readonly leader: number;
  readonly states: PartitionState[];
  /** Partitions of the leader are left out because of batches that nobody took: they must not wait for a long poll. */
  isCrowded: boolean;
}

export interface FetchPlan {
  readonly requests: readonly LeaderRequest[];
  /** Partitions whose start offset has to be looked up first. */
  readonly unplaced: readonly PartitionState[];
  /** Topics of partitions without a leader, or that do not exist. */
  readonly leaderless: ReadonlySet<string>;
  /** A partition is to be asked for after some time. */
  readonly mustRecheck: boolean;
}

/**
 * What can be asked for now, by leader, in the partitions' order.
 * @param leaderOf -1 where a partition has none
 * @param nowMs of `performance.now()`
 */
export function planFetches(
  partitions: Iterable<PartitionState>,
  leaderOf: (topic: string, partition: number) => number,
  nowMs: number,
): FetchPlan {
  const byLeader = new Map<number, LeaderRequest>();
  const unplaced: PartitionState[] = [];
  const leaderless = new Set<string>();
  const crowded = new Set<number>();
  let mustRecheck = false;
  for (const state of partitions) {
    if (state.isBusy || state.isPaused) continue;
    const leader = leaderOf(state.topic, state.partition);
    if (leader < 0) leaderless.add(state.topic);
    else if (state.notBeforeMs > nowMs) mustRecheck = true;
    else if (state.position === null) unplaced.push(state);
    else if (state.queuedBatches >= MAX_QUEUED_BATCHES) crowded.add(leader);
    else {
      const request = byLeader.get(leader);
      if (request === undefined) byLeader.set(leader, { leader, states: [state], isCrowded: false });
      else request.states.push(state);
    }
  }
  for (const leader of crowded) {
    const request = byLeader.get(leader);
    if (request !== undefined) request.isCrowded = true;
  }
  return { requests: [...byLeader.values()], unplaced, leaderless, mustRecheck };
}
