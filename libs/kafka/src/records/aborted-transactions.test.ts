import { expect, test } from '@jest/globals';
import { AbortedTransactions } from './aborted-transactions.ts';

test('a batch is aborted from the first offset of its transaction to the marker of its producer', () => {
  const aborted = new AbortedTransactions([
    { producerId: 1n, firstOffset: 10n },
    { producerId: 2n, firstOffset: 5n },
    { producerId: 1n, firstOffset: 30n },
  ]);
  expect(aborted.covers(1n, 4n)).toBe(false); // a committed one before
  expect(aborted.covers(2n, 9n)).toBe(true);
  expect(aborted.covers(1n, 9n)).toBe(false);
  expect(aborted.covers(1n, 12n)).toBe(true);
  expect(aborted.covers(3n, 13n)).toBe(false);
  aborted.close(1n);
  expect(aborted.covers(1n, 20n)).toBe(false); // the same producer's next one was committed
  expect(aborted.covers(2n, 21n)).toBe(true);
  aborted.close(2n);
  expect(aborted.isEmpty).toBe(false);
  expect(aborted.covers(1n, 31n)).toBe(true);
  aborted.close(1n);
  expect(aborted.isEmpty).toBe(true);
});
