import { expect, test } from '@jest/globals';
import { BatchBuilder } from '../records/batch-builder.ts';
import { PartitionQueue, type PendingBatch } from './partition-queue.ts';
import { RecordAccumulator } from './record-accumulator.ts';

function batch(id: number): PendingBatch {
  return {
    id,
    builder: new BatchBuilder(100),
    bytes: 61,
    deadlineMs: Infinity,
    packed: null,
    isPacking: false,
    sealed: null,
    lastCode: 0,
  };
}

function createAccumulator(): RecordAccumulator {
  return new RecordAccumulator({
    maxBatchBytes: 1000,
    maxRecordBytes: 3000,
    recordLimitOf: (topic) => (topic === 'narrow' ? 500 : Infinity),
    deliveryTimeoutMs: 1000,
    isReady: true,
    compression: 'none',
    onPacked: () => undefined,
  });
}

test('failed batches go back to the front in sequence order, and only once nothing is in flight', () => {
  const queue = new PartitionQueue('t', 0, true, 1000);
  const [one, two, three, four] = [batch(1), batch(2), batch(3), batch(4)];
  queue.inFlight.push(one, two, three);
  queue.waiting.push(four);

  queue.settle(one);
  queue.failed.push(one);
  expect(queue.requeueFailed(5)).toBe(false);
  queue.settle(three);
  queue.failed.push(three);
  expect(queue.requeueFailed(6)).toBe(false);
  queue.settle(two);
  queue.failed.push(two);
  expect(queue.requeueFailed(7)).toBe(true);

  expect(queue.waiting.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  expect(queue.notBeforeMs).toBe(7);
  expect(queue.failed).toEqual([]);
});

test('nothing follows the first batch before the broker has taken it: it could be refused and the second written', () => {
  const queue = new PartitionQueue('t', 0, true, 1000);
  const [one, two, three] = [batch(1), batch(2), batch(3)];
  queue.waiting.push(one, two, three);
  expect(queue.next).toBe(one);
  queue.inFlight.push(...queue.waiting.splice(0, 1));
  expect(queue.next).toBeUndefined();

  queue.settle(one);
  queue.acknowledged();
  expect(queue.next).toBe(two);
  queue.inFlight.push(...queue.waiting.splice(0, 1));
  expect(queue.next).toBe(three);
});

test('a batch that is being compressed holds back the ones behind it', () => {
  const queue = new PartitionQueue('t', 0, true, 1000);
  const [first, second] = [batch(1), batch(2)];
  queue.waiting.push(first, second);
  queue.acknowledged();
  first.isPacking = true;
  expect(queue.next).toBeUndefined();
  first.isPacking = false;
  expect(queue.next).toBe(first);
});

test('sequence numbers count records and wrap after 2^31', () => {
  const queue = new PartitionQueue('t', 0, true, 1000);
  expect([
    queue.takeSequence(10),
    queue.takeSequence(2 ** 31 - 15),
    queue.takeSequence(10),
    queue.takeSequence(1),
  ]).toEqual([0, 10, 2 ** 31 - 5, 5]);
});

test('bytes appended are counted until they are acknowledged or discarded', () => {
  const accumulator = createAccumulator();
  const value = Buffer.alloc(300);
  const append = (topic: string): boolean =>
    accumulator.append(topic, 0, null, 0, 0, value, 0, value.length, 1, undefined);
  expect([append('a'), append('b'), append('a'), append('a')]).toEqual([false, false, false, false]);
  expect(append('a')).toBe(true); // the fourth starts another batch
  expect(accumulator.bufferedBytes).toBeGreaterThan(5 * 300);
  accumulator.closeOpen();
  const [a] = accumulator.queues();
  const [first] = a?.waiting ?? [];
  expect(first?.builder.count).toBe(3);
  const before = accumulator.bufferedBytes;
  if (first !== undefined) accumulator.acknowledge(first);
  a?.waiting.shift();
  expect(accumulator.bufferedBytes).toBe(before - (first?.bytes ?? 0));
  accumulator.discardUnsent();
  expect(accumulator.bufferedBytes).toBe(0);
});

test('a record larger than a record may be is refused by its size, without its value', () => {
  const accumulator = createAccumulator();
  const secret = Buffer.from('secret'.repeat(600));
  const append = (): boolean =>
    accumulator.append('t', 2, null, 0, 0, secret, 0, secret.length, 1, undefined);
  expect(append).toThrow(/KAFKA_RECORD_TOO_LARGE .*"t".* 3600 bytes and a record may take 3000/);
  expect(append).not.toThrow(/secretsecret/);
  expect(accumulator.bufferedBytes).toBe(0);
});

test('a record larger than a batch has one of its own, and a topic that takes less has smaller batches', () => {
  const accumulator = createAccumulator();
  const append = (topic: string, bytes: number): boolean =>
    accumulator.append(topic, 0, null, 0, 0, Buffer.alloc(bytes), 0, bytes, 1, undefined);
  for (const bytes of [300, 2500, 300, 300]) append('t', bytes);
  for (const bytes of [300, 300]) append('narrow', bytes);
  expect(() => append('narrow', 600)).toThrow(/KAFKA_RECORD_TOO_LARGE .* 500/);
  accumulator.closeOpen();
  const counts = [...accumulator.queues()].map((queue) => queue.waiting.map(({ builder }) => builder.count));
  expect(counts).toEqual([
    [1, 1, 2],
    [1, 1],
  ]);
});
