import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';

import { expect, test } from '@jest/globals';

import { ColumnCompression } from './adaptive-zstd.ts';
import { compressZstd } from './zstd.ts';

const HASHES = Buffer.from(randomBytes(40_000).toString('hex'));
const WORDS = Buffer.from(
  Array.from(
    { length: 8000 },
    (_, i) => `order ${i * 7} of kitchen ${i % 40} is ${i % 3 ? 'paid' : 'served'}`,
  ).join('\n'),
);

test('noise is compressed fast, and what a slower level makes smaller is made smaller', () => {
  const compression = new ColumnCompression();
  for (const [path, bytes, level] of [
    [['hash'], HASHES, 1],
    [['words'], WORDS, 3],
  ] as const) {
    compression.of(path)(bytes);
    const next = compression.of(path)(bytes);
    expect(next.length).toBe(compressZstd(bytes, level).length);
    expect(zstdDecompressSync(next)).toEqual(bytes);
  }
});

test('a column that changes is looked at again', () => {
  const compress = new ColumnCompression().of(['text']);
  compress(HASHES);
  let last = compress(WORDS).length;
  expect(last).toBe(compressZstd(WORDS, 1).length);
  for (let i = 0; i < 64; i++) last = compress(WORDS).length;
  expect(last).toBe(compressZstd(WORDS, 3).length);
});
