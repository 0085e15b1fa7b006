import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { packInt32, packInt64 } from './delta-binary-packed.ts';
import { readDeltaPacked } from './read-delta-packed.ts';

/** Numbers close together, so that they are worth packing, with one of the extremes here and there. */
function series(...extremes: readonly number[]): fc.Arbitrary<number[]> {
  const close = fc.array(fc.integer({ min: -40, max: 40 }), {
    minLength: 1000,
    maxLength: 1200,
    size: 'max',
  });
  const far = fc.array(fc.tuple(fc.nat({ max: 199 }), fc.constantFrom(...extremes)), { maxLength: 2 });
  return fc.tuple(close, far).map(([values, jumps]) => {
    const all = [...values];
    for (const [at, value] of jumps) all[at] = value;
    return all;
  });
}

test('32-bit values are read as they were packed, also where their differences wrap around', () => {
  fc.assert(
    fc.property(series(-0x80000000, 0x7fffffff), (values) => {
      const packed = packInt32(Int32Array.from(values), values.length);
      if (packed === null) throw new Error('they are not packed');
      const out: unknown[] = [];
      expect(readDeltaPacked(packed, 0, 32, values.length, out)).toBe(true);
      expect(out).toEqual(values);
    }),
    { numRuns: 200 },
  );
});

test('64-bit values are read as they were packed', () => {
  fc.assert(
    fc.property(series(-(2 ** 30), 2 ** 30), fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (steps, base) => {
      const values = steps.map((own) => base + own);
      const halves = new Int32Array(new BigInt64Array(values.map(BigInt)).buffer);
      const packed = packInt64(halves, values.length);
      if (packed === null) throw new Error('they are not packed');
      const out: unknown[] = [];
      expect(readDeltaPacked(packed, 0, 64, values.length, out)).toBe(true);
      expect(out).toEqual(values);
    }),
    { numRuns: 200 },
  );
});

test('differences of more bits than a number holds exactly are told, and bytes that end early are an error', () => {
  // One block of one miniblock pair, two values, the first 0, least difference 0, width 64.
  const wide = Buffer.concat([Buffer.from([0x80, 1, 4, 2, 0, 0, 64, 0, 0, 0]), Buffer.alloc(256, 255)]);
  expect(readDeltaPacked(wide, 0, 64, 2, [])).toBe(false);
  const packed = packInt32(
    Int32Array.from({ length: 300 }, (_, i) => i * (i % 7)),
    300,
  ) as Buffer;
  expect(() => readDeltaPacked(packed.subarray(0, 40), 0, 32, 300, [])).toThrow(RangeError);
});
