import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PlatformError } from '@hasivu/errors';
import { decodeLz4Frame } from './lz4.ts';
import { decodeSnappy } from './snappy.ts';

/** What we write. Reading knows snappy and lz4 too. */
export type Compression = 'none' | 'gzip' | 'zstd';

export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** A batch may not inflate to more than this many bytes: a damaged or hostile one must not take the process down. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

export function codecId(compression: Compression): number {
  return CODEC[compression];
}

export function compressRecords(compression: Compression, records: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return records;
    case 'gzip':
      return gzipSync(records, { level: 4 });
    case 'zstd':
      return zstdCompressSync(records, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    default:
      return compression satisfies never;
  }
}

/** The plain records of a compressed batch, in a new buffer. `where` names topic, partition and offset for errors. */
export function decompressRecords(codec: number, records: Buffer, where: string): Buffer {
  try {
    switch (codec) {
      case CODEC.gzip:
        return gunzipSync(records, { maxOutputLength: MAX_INFLATED_BYTES });
      case CODEC.snappy:
        return decodeSnappy(records, MAX_INFLATED_BYTES);
      case CODEC.lz4:
        return decodeLz4Frame(records, MAX_INFLATED_BYTES);
      case CODEC.zstd:
        return zstdDecompressSync(records, { maxOutputLength: MAX_INFLATED_BYTES });
      default:
        break;
    }
  } catch (cause) {
    throw new PlatformError('KAFKA_BATCH_CORRUPT', {
      doing: `decompressing ${where}`,
      why: cause instanceof Error ? cause.message : 'the compressed bytes are damaged',
      context: { codec },
      cause,
    });
  }
  throw new PlatformError('KAFKA_CODEC_UNKNOWN', {
    doing: `decompressing ${where}`,
    why: `codec number ${codec} is unknown`,
    context: { codec },
  });
}
