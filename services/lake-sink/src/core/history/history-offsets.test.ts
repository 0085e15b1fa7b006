import { expect, test } from '@jest/globals';
import { halfway, type Offsets } from './history-offsets.ts';

test.each([
  [
    'the middle of every partition',
    [[0, 9]],
    [
      [0, 19],
      [1, 9],
    ],
    [
      [0, 14],
      [1, 4],
    ],
  ],
  [
    'a partition at a time when each has one record',
    [
      [0, 9],
      [1, 4],
    ],
    [
      [0, 10],
      [1, 5],
    ],
    [[0, 10]],
  ],
  ['what is left of a partition', [], [[0, 1]], [[0, 0]]],
  ['nothing of a single record', [[0, 9]], [[0, 10]], null],
  ['nothing of nothing', [[0, 9]], [[0, 9]], null],
] as const)('a batch is cut at %s', (_, after, upTo, middle) => {
  const offsets = (entries: readonly (readonly [number, number])[]): Offsets => new Map(entries);
  expect(halfway(offsets(after), offsets(upTo))).toEqual(middle === null ? null : offsets(middle));
});

test('halves come to an end and leave nothing out', () => {
  const steps: number[] = [];
  const advance = (at: Map<number, number>, upTo: Offsets): void => {
    const middle = halfway(at, upTo);
    if (middle === null) {
      for (const [partition, offset] of upTo) at.set(partition, Math.max(offset, at.get(partition) ?? -1));
      steps.push(1);
      return;
    }
    advance(at, middle);
    advance(at, upTo);
  };
  const at = new Map([[2, 5]]);
  advance(
    at,
    new Map([
      [0, 6],
      [1, 2],
      [2, 8],
    ]),
  );
  expect(Object.fromEntries(at)).toEqual({ 0: 6, 1: 2, 2: 8 });
  expect(steps.length).toBeLessThanOrEqual(14);
});
