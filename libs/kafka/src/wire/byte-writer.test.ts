import { expect, test } from '@jest/globals';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter, partsSize } from './byte-writer.ts';

test('what is written is read back, through growth and around spliced buffers', () => {
  const records = Buffer.alloc(10_000, 7);
  const out = new ByteWriter(8);
  out.int8(-1).int16(-2).int32(-3).int64(-4n).bool(true).string('grün').string(null);
  out.int32(records.length).external(records);
  out.compactString('ab').compactString(null).uvarint(300).tags();
  out.array([1, 2], (item) => out.int32(item));
  out.compactArray(['x'.repeat(200)], (item) => out.compactString(item));
  const parts = out.toParts();
  expect(parts).toContain(records);

  const bytes = Buffer.concat(parts);
  expect(bytes.length).toBe(partsSize(parts));
  const input = new ByteReader(bytes);
  expect([input.int8(), input.int16(), input.int32(), input.int64(), input.bool()]).toEqual([
    -1,
    -2,
    -3,
    -4n,
    true,
  ]);
  expect([input.string(), input.nullableString()]).toEqual(['grün', null]);
  expect(input.bytes()).toEqual(records);
  expect([input.compactString(), input.compactNullableString(), input.uvarint()]).toEqual(['ab', null, 300]);
  input.tags();
  expect(input.array(() => input.int32())).toEqual([1, 2]);
  expect(input.compactArray(() => input.compactString())).toEqual(['x'.repeat(200)]);
  expect(input.remaining).toBe(0);
});

test('a response that ends early is an error and not garbage', () => {
  const input = new ByteReader(Buffer.from([0, 5, 0x61]));
  expect(() => input.string()).toThrow('KAFKA_REQUEST_FAILED');
});
