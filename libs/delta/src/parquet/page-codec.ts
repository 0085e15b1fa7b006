/** How pages of a Parquet file are compressed: numbers of Parquet's CompressionCodec. */
export const PAGE_CODEC = { none: 0, snappy: 1, gzip: 2, zstd: 6, lz4: 7 } as const;

/** `lz4` is Parquet's LZ4_RAW: the one called LZ4 differs from writer to writer. */
export type PageCodec = keyof typeof PAGE_CODEC;

/** Table property: what writers compress data files with. */
export const CODEC_PROPERTY = 'delta.parquet.compression.codec';

const NAMES: Readonly<Record<string, PageCodec>> = {
  none: 'none',
  uncompressed: 'none',
  snappy: 'snappy',
  gzip: 'gzip',
  zstd: 'zstd',
  lz4: 'lz4',
  lz4_raw: 'lz4',
};

/** What the table asks its writers for; zstd where it says nothing, or something that is not written here. */
export function pageCodecOf(configuration: Readonly<Record<string, string>>): PageCodec {
  return NAMES[configuration[CODEC_PROPERTY]?.toLowerCase() ?? 'zstd'] ?? 'zstd';
}
