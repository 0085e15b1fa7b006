import { promisify } from 'node:util';
import { constants, gunzipSync, gzip, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { PlatformError } from '@hasivu/errors';
import { compressFrame } from 'lz4-napi';
import { decodeLz4Frame } from './lz4.ts';
import { compressSnappy, decodeSnappy } from './snappy.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

/** A batch may not inflate to more than this many bytes: a damaged or hostile one must not take the process down. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

const gzipAsync = promisify<Buffer, { level: number }, Buffer>(gzip);
const zstdAsync = promisify<Buffer, { params: Record<number, number> }, Buffer>(zstdCompress);

/** Records as they go into a batch: the bytes behind its header and the codec that its attributes name. */
export interface PackedRecords {
  readonly codec: number;
  readonly bytes: Buffer;
}

/**
 * Compresses on a thread of libuv's pool; `records` must not change meanwhile. What does not get smaller is sent plain:
 * every batch names its own codec.
 */
export async function packRecords(
  compression: Exclude<Compression, 'none'>,
  records: Buffer,
): Promise<PackedRecords> {
  const bytes = await compress(compression, records);
  return bytes.length < records.length
    ? { codec: CODEC[compression], bytes }
    : { codec: CODEC.none, bytes: records };
}

function compress(compression: Exclude<Compression, 'none'>, records: Buffer): Promise<Buffer> {
  switch (compression) {
    case 'gzip':
      return gzipAsync(records, { level: 4 });
    case 'snappy':
      return compressSnappy(records);
    case 'lz4':
      return compressFrame(records);
    case 'zstd':
      return zstdAsync(records, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
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
