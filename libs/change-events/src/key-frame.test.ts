import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { KeyFrame } from './key-frame.ts';
import { partitionOf } from './murmur2.ts';
import { wireHeader } from './wire-header.ts';

const body = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const id = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const partitions = fc.integer({ min: 1, max: 64 });

test('a key whose schema is the topic’s first has the partition that Kafka gives to its bytes', () => {
  fc.assert(
    fc.property(body, id, partitions, (values, schemaId, count) => {
      const framed = Buffer.concat([wireHeader(schemaId), values]);
      const partition = new KeyFrame(schemaId).partitionOf(framed, framed.length, count);
      expect(partition).toBe(partitionOf(framed, 0, framed.length, count));
    }),
  );
});

test('a key keeps its partition under every later schema, and its bytes have that schema’s id', () => {
  fc.assert(
    fc.property(body, id, id, partitions, (values, first, later, count) => {
      const before = Buffer.concat([wireHeader(first), values]);
      const after = Buffer.concat([wireHeader(later), values, Buffer.from('behind')]);
      const kept = Buffer.from(after);
      const end = after.length - 'behind'.length;
      expect(new KeyFrame(later, first).partitionOf(after, end, count)).toBe(
        new KeyFrame(first).partitionOf(before, before.length, count),
      );
      expect(after).toEqual(kept);
    }),
  );
});
