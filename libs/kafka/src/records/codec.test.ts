import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CODEC, decompressRecords } from './codec.ts';

const TEXT = 'abcabcabcabcabcabcabcabcabc, and then something else';

/** Literal "abc", a copy that overlaps itself, a literal: each kind of element once. */
const SNAPPY = Buffer.concat([
  Buffer.from([TEXT.length, 2 << 2]),
  Buffer.from('abc'),
  Buffer.from([((24 - 1) << 2) | 2, 3, 0]),
  Buffer.from([(TEXT.length - 27 - 1) << 2]),
  Buffer.from(TEXT.slice(27)),
]);

function xerial(...blocks: Buffer[]): Buffer {
  const header = Buffer.concat([
    Buffer.from([0x82]),
    Buffer.from('SNAPPY\0'),
    Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]),
  ]);
  const framed = blocks.map((block) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return Buffer.concat([length, block]);
  });
  return Buffer.concat([header, ...framed]);
}

/** A frame of one compressed block: literal "abc" + overlapping match of 24, then the last literals. */
function lz4(): Buffer {
  const tail = TEXT.slice(27);
  const block = Buffer.concat([
    Buffer.from([(3 << 4) | 15]),
    Buffer.from('abc'),
    Buffer.from([3, 0, 24 - 19]),
    Buffer.from([15 << 4, tail.length - 15]),
    Buffer.from(tail),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]),
    size,
    block,
    Buffer.alloc(4),
  ]);
}

test('snappy is decoded, raw and in the blocks of snappy-java', () => {
  expect(decompressRecords(CODEC.snappy, SNAPPY, 't').toString()).toBe(TEXT);
  expect(decompressRecords(CODEC.snappy, xerial(SNAPPY, SNAPPY), 't').toString()).toBe(TEXT + TEXT);
});

test('an LZ4 frame is decoded', () => {
  expect(decompressRecords(CODEC.lz4, lz4(), 't').toString()).toBe(TEXT);
});

test.each(['snappy', 'lz4', 'gzip', 'zstd'] as const)(
  'damaged %s ends in an error or in bytes, never in a hang',
  (codec) => {
    const good = {
      snappy: xerial(SNAPPY),
      lz4: lz4(),
      gzip: Buffer.from('1f8b08', 'hex'),
      zstd: Buffer.from('28b52ffd', 'hex'),
    };
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.nat({ max: 255 }), fc.nat({ max: 60 }), (at, byte, cut) => {
        const damaged = Buffer.from(good[codec].subarray(0, Math.max(1, good[codec].length - cut)));
        damaged[at % damaged.length] = byte;
        try {
          expect(decompressRecords(CODEC[codec], damaged, 't')).toBeInstanceOf(Uint8Array);
        } catch (error) {
          expect(String(error)).toContain('KAFKA_BATCH_CORRUPT');
        }
      }),
    );
  },
);
