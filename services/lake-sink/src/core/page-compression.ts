import { gzipSync } from 'node:zlib';
import { ColumnCompression, type Compression, type PageCodec } from '@hasivu/delta';
import { compressSync as lz4 } from 'lz4-napi';
import { compressSync as snappy } from 'snappy';

/** Bytes of the length that lz4-napi puts before a block. */
const LZ4_LENGTH = 4;

/** How the pages of a table's columns are compressed, kept from file to file. */
export interface PageCompression extends Compression {
  readonly codec: PageCodec;
}

export function pageCompression(codec: PageCodec): PageCompression {
  const compressors = compressorsOf(codec);
  return { codec, of: (path) => compressors.of(path) };
}

function compressorsOf(codec: PageCodec): Compression {
  switch (codec) {
    case 'zstd':
      return new ColumnCompression();
    case 'gzip':
      return { of: () => (bytes) => gzipSync(bytes) };
    case 'snappy':
      return { of: () => (bytes) => snappy(bufferOf(bytes)) };
    case 'lz4':
      return { of: () => (bytes) => lz4(bufferOf(bytes)).subarray(LZ4_LENGTH) };
    case 'none':
      // A copy: the page's buffer is filled again.
      return { of: () => (bytes) => Buffer.from(bytes) };
    default:
      return codec satisfies never;
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
