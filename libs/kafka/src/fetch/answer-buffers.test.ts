import { expect, test } from '@jest/globals';
import { AnswerBuffers } from './answer-buffers.ts';

test('a buffer is used again once the last batch of its answer was read, and not before', () => {
  const buffers = new AnswerBuffers();
  const first = buffers.take(300_000);
  buffers.retain(first.buffer);
  buffers.retain(first.buffer);
  buffers.release(first.buffer);
  const second = buffers.take(300_000);
  expect(second.buffer).not.toBe(first.buffer);
  buffers.release(first.buffer);
  const third = buffers.take(200_000);
  expect(third.buffer).toBe(first.buffer);
  expect(third).toHaveLength(200_000);
});

test('small answers and those of others are left alone', () => {
  const buffers = new AnswerBuffers();
  const foreign = Buffer.from(new ArrayBuffer(300_000));
  buffers.retain(foreign.buffer);
  buffers.release(foreign.buffer);
  expect(buffers.take(300_000).buffer).not.toBe(foreign.buffer);
  expect(buffers.take(100)).toHaveLength(100);
});

test('what waits for its next use is bounded', () => {
  const buffers = new AnswerBuffers();
  const taken = Array.from({ length: 10 }, () => buffers.take(2 << 20));
  for (const one of taken) buffers.release(one.buffer);
  const again = Array.from({ length: 10 }, () => buffers.take(2 << 20));
  const reused = again.filter((one) => taken.some((other) => other.buffer === one.buffer));
  expect(reused).toHaveLength(3);
});
