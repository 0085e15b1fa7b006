import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** The definition, with bigints: zigzag, then seven bits per byte. */
function reference(value: number): number[] {
  const wide = BigInt(value);
  let zigzag = wide < 0n ? -wide * 2n - 1n : wide * 2n;
  const bytes: number[] = [];
  while (zigzag > 0x7fn) {
    bytes.push(Number(zigzag & 0x7fn) | 0x80);
    zigzag >>= 7n;
  }
  return [...bytes, Number(zigzag)];
}

test('a varint has the bytes and the size of the definition for every 32-bit value', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -1, 0, 63, 64)), (value) => {
      const buffer = Buffer.alloc(8);
      const end = writeVarint(buffer, 0, value);
      expect([...buffer.subarray(0, end)]).toEqual(reference(value));
      expect(varintSize(value)).toBe(end);
    }),
  );
});

test('a varlong has the bytes and the size of the definition for every safe integer', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
      fc.pre(Math.abs(value) < 2 ** 52);
      const buffer = Buffer.alloc(12);
      const end = writeVarlong(buffer, 0, value);
      expect([...buffer.subarray(0, end)]).toEqual(reference(value));
      expect(varlongSize(value)).toBe(end);
    }),
  );
});
