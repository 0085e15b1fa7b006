import { expect, test } from '@jest/globals';
import type { FetchedBatch } from './fetched-batch.ts';
import { PartitionState } from './partition-state.ts';
import { ReadyBatches } from './ready-batches.ts';

const ANSWER_BYTES = 100_000;

function partition(id: number): PartitionState {
  return new PartitionState({ topic: 't', partition: id, offset: 0n });
}

function batch(nextOffset: bigint): FetchedBatch {
  return { nextOffset, bytes: 10 } as FetchedBatch;
}

function offsetsOf(ready: ReadyBatches): bigint[] {
  const taken: bigint[] = [];
  for (let one = ready.take(); one !== null; one = ready.take()) taken.push(one.nextOffset);
  return taken;
}

test('batches come in the order of their arrival, but for those of a partition that is held back', () => {
  const ready = new ReadyBatches(false);
  const [held, other] = [partition(0), partition(1)];
  const answer = new ArrayBuffer(1);
  ready.add(held, batch(1n), answer);
  ready.add(other, batch(2n), answer);
  ready.add(held, batch(3n), answer);
  held.isPaused = true;
  expect(offsetsOf(ready)).toEqual([2n]);
  expect([held.queuedBatches, other.queuedBatches, ready.bytes]).toEqual([2, 0, 20]);
  held.isPaused = false;
  expect(offsetsOf(ready)).toEqual([1n, 3n]);
  expect([held.position, held.delivered, ready.bytes]).toEqual([3n, 3n, 0]);
});

test('the buffer of an answer is used again once its last batch was read or dropped, and not before', () => {
  const ready = new ReadyBatches(true);
  const [read, dropped] = [partition(0), partition(1)];
  const answer = ready.allocate?.(ANSWER_BYTES).buffer as ArrayBuffer;
  ready.add(read, batch(1n), answer);
  ready.add(dropped, batch(2n), answer);
  ready.take();
  ready.drop(dropped);
  expect(ready.allocate?.(ANSWER_BYTES).buffer).not.toBe(answer);
  ready.done();
  expect(ready.allocate?.(ANSWER_BYTES).buffer).toBe(answer);
});
