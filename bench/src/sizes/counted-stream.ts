import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';

/** The level of zstd's own program. */
const ZSTD_LEVEL = 3;

export interface CountedBytes {
  readonly bytes: number;
  /** As one zstd file, level 3. */
  readonly zstdBytes: number;
}

/** Counts what comes, plain and compressed, and keeps none of it. */
export async function countBytes(
  source: Readable | AsyncIterable<Uint8Array | string>,
): Promise<CountedBytes> {
  let [bytes, zstdBytes] = [0, 0];
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } });
  const counting = async function* (chunks: Readable | AsyncIterable<Uint8Array | string>) {
    for await (const chunk of chunks as AsyncIterable<Uint8Array | string>) {
      const whole = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      bytes += whole.length;
      yield whole;
    }
  };
  const counter = new Writable({
    write(chunk: Buffer, _encoding, done) {
      zstdBytes += chunk.length;
      done();
    },
  });
  await pipeline(source, counting, compress, counter);
  return { bytes, zstdBytes };
}
