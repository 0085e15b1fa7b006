import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkProperty } from '@hasivu/testing';
import { CapacityLedger } from './capacity-ledger.ts';

type Step =
  | { readonly does: 'store' | 'othersDelete'; readonly bytes: number }
  | { readonly does: 'listingBegins' | 'listingEnds' };

const steps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constantFrom('store' as const, 'othersDelete' as const), bytes: fc.nat(1_000) }),
    fc.record({ does: fc.constantFrom('listingBegins' as const, 'listingEnds' as const) }),
  ),
  { maxLength: 60 },
);

test('what is counted is never less than what is stored, whenever objects come during a listing, and exact after one that nothing came into', async () => {
  await checkProperty(
    fc.property(steps, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (taken, shares) => {
      const ledger = new CapacityLedger(Infinity);
      let stored = 0;
      let listing: { readonly before: number; readonly found: number; came: number } | null = null;
      for (const step of taken as readonly Step[]) {
        if (step.does === 'store') {
          stored += step.bytes;
          ledger.stored(step.bytes);
          if (listing !== null) listing.came += step.bytes;
        } else if (step.does === 'othersDelete') {
          // Before a listing, or after it: what it has found may be gone, never the other way round.
          stored -= Math.min(stored - (listing?.came ?? 0), step.bytes);
          stored = Math.max(0, stored);
        } else if (step.does === 'listingBegins') {
          listing = { before: ledger.listing(), found: stored, came: 0 };
        } else if (listing !== null) {
          // A listing sees any part of what came into it.
          const share = shares.next().value as number;
          ledger.listed(listing.found + Math.floor(listing.came * share), listing.before);
          if (listing.came === 0 && stored === listing.found) expect(ledger.usedBytes).toBe(stored);
          listing = null;
        }
        expect(ledger.usedBytes).toBeGreaterThanOrEqual(stored);
      }
    }),
  );
});

test('room is set aside once: what is reserved is nobody else’s until it is given back', () => {
  const ledger = new CapacityLedger(100);
  ledger.listed(40, ledger.listing());
  expect([ledger.reserve(50), ledger.reserve(20), ledger.reserve(10)]).toEqual([true, false, true]);
  expect([ledger.fits(60), ledger.fits(61)]).toEqual([true, false]);
  ledger.release(50);
  expect(ledger.reserve(50)).toBe(true);
  ledger.stored(60);
  expect([ledger.isFull, ledger.fits(0), ledger.reserve(0)]).toEqual([true, false, false]);
});
