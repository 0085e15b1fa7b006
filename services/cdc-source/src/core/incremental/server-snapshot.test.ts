import { expect, test } from '@jest/globals';

import { ServerSnapshot } from './server-snapshot.ts';

test('a snapshot sees what ended before it, and nothing that was in progress or came later', () => {
  const snapshot = ServerSnapshot.parse('10:20:12,15');
  expect([9, 10, 11, 12, 13, 15, 19].filter((xid) => !snapshot.sees(xid))).toEqual([12, 15]);
  expect([20, 21, 1000].some((xid) => snapshot.sees(xid))).toBe(false);
});

test('the 32 bits of the stream are those nearest to the snapshot, also where the count has wrapped', () => {
  const wrapped = 5n * 2n ** 32n;
  const snapshot = ServerSnapshot.parse(`${wrapped - 10n}:${wrapped + 10n}:${wrapped - 3n}`);
  expect(snapshot.sees(2 ** 32 - 20)).toBe(true);
  expect(snapshot.sees(2 ** 32 - 3)).toBe(false);
  expect(snapshot.sees(9)).toBe(true);
  expect(snapshot.sees(10)).toBe(false);
});

test('what is no snapshot is refused', () => {
  expect(() => ServerSnapshot.parse('')).toThrow(RangeError);
  expect(() => ServerSnapshot.parse('1:x:')).toThrow(SyntaxError);
});
