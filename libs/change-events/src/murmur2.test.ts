import { expect, test } from '@jest/globals';

import { murmur2, partitionOf } from './murmur2.ts';

// Vectors of Kafka's own UtilsTest.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s as Kafka does', (text, hash) => {
  const framed = Buffer.from(`>>${text}<<`);
  expect(murmur2(framed, 2, framed.length - 2)).toBe(hash);
  expect(partitionOf(framed, 2, framed.length - 2, 7)).toBe((hash & 0x7fffffff) % 7);
});
