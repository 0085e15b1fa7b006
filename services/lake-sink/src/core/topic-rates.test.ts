import { expect, test } from '@jest/globals';
import { TopicRates } from './topic-rates.ts';

test('a topic weighs what is read of it a second, and a sixtieth of what waits, once that is known', () => {
  let nowMs = 0;
  const rates = new TopicRates(() => nowMs);
  expect(rates.weigh('t', 1_000, 0)).toBeNull();
  nowMs = 1_000;
  expect(rates.weigh('t', 9_000, 0)).toBeNull();
  nowMs = 10_000;
  expect(rates.weigh('t', 21_000, 0)).toBe(2_000);
  expect(rates.weigh('t', 21_000, 60_000)).toBe(3_000);
});

test('a topic that was opened anew is not known again until it was read for a while', () => {
  let nowMs = 0;
  const rates = new TopicRates(() => nowMs);
  rates.weigh('t', 0, 0);
  nowMs = 10_000;
  expect(rates.weigh('t', 5_000, 0)).toBe(500);
  nowMs = 11_000;
  expect(rates.weigh('t', 10, 0)).toBeNull();
  nowMs = 21_000;
  expect(rates.weigh('t', 110, 0)).toBe(10);
});
