import { expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { encodeHybrid } from './levels.ts';
import { readHybrid } from './read-levels.ts';

const anyRuns = fc.integer({ min: 1, max: 24 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    runs: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** width - 1 }), fc.integer({ min: 1, max: 40 }))),
  }),
);

test('levels and dictionary indices of any width are read as they were written, in runs and packed', async () => {
  await checkProperty(
    fc.property(anyRuns, ({ width, runs }) => {
      const values = Uint32Array.from(runs.flatMap(([value, length]) => Array<number>(length).fill(value)));
      const bytes = encodeHybrid(values, values.length, width);
      const read = new Uint32Array(values.length + 2);
      expect(readHybrid(bytes, 0, width, read, 1, values.length)).toBeLessThanOrEqual(bytes.length);
      expect(read.subarray(1, values.length + 1)).toEqual(values);
      expect([read[0], read.at(-1)]).toEqual([0, 0]);
    }),
  );
});

test('what ends too early is told', () => {
  expect(() => readHybrid(Buffer.from([4]), 0, 3, new Uint8Array(2), 0, 2)).toThrow(RangeError);
});
