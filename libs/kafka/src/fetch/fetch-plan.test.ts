import { expect, test } from '@jest/globals';
import { planFetches } from './fetch-plan.ts';
import { PartitionState } from './partition-state.ts';

const NOW_MS = 1000;

function partition(id: number, change: Partial<PartitionState> = {}): PartitionState {
  return Object.assign(new PartitionState({ topic: 't', partition: id, offset: 7n }), change);
}

/** Even partitions are led by broker 1, odd ones by broker 2, those from 100 on by nobody. */
function plan(...partitions: readonly PartitionState[]) {
  const { requests, unplaced, leaderless, mustRecheck } = planFetches(
    partitions,
    (_, id) => (id >= 100 ? -1 : 1 + (id % 2)),
    NOW_MS,
  );
  return {
    requests: requests.map(({ leader, states, isCrowded }) => ({
      leader,
      partitions: states.map((state) => state.partition),
      isCrowded,
    })),
    unplaced: unplaced.map((state) => state.partition),
    leaderless: [...leaderless],
    mustRecheck,
  };
}

test('each leader gets one request for its partitions, in their turn', () => {
  expect(plan(partition(3), partition(2), partition(1), partition(0)).requests).toEqual([
    { leader: 2, partitions: [3, 1], isCrowded: false },
    { leader: 1, partitions: [2, 0], isCrowded: false },
  ]);
});

test('a partition whose batches nobody takes is left out, and its leader answers the others soon', () => {
  expect(
    plan(partition(0, { queuedBatches: 2 }), partition(2, { queuedBatches: 1 }), partition(1)).requests,
  ).toEqual([
    { leader: 1, partitions: [2], isCrowded: true },
    { leader: 2, partitions: [1], isCrowded: false },
  ]);
});

test('nothing is asked for a partition that is held back or under way', () => {
  expect(plan(partition(0, { isPaused: true }), partition(1, { isBusy: true }))).toEqual({
    requests: [],
    unplaced: [],
    leaderless: [],
    mustRecheck: false,
  });
});

test('what cannot be asked for yet is told by what it waits for', () => {
  const later = partition(0, { notBeforeMs: NOW_MS + 1 });
  const unplaced = new PartitionState({ topic: 't', partition: 1, offset: 'earliest' });
  expect(plan(later, unplaced, partition(100), partition(101))).toEqual({
    requests: [],
    unplaced: [1],
    leaderless: ['t'],
    mustRecheck: true,
  });
});
