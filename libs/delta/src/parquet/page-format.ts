import { ThriftCompactWriter } from './thrift-compact-writer.ts';

/** Numbers of Parquet's Encoding. */
export const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  deltaBinaryPacked: 5,
  rleDictionary: 8,
} as const;

export const PAGE_TYPE = { data: 0, dictionary: 2 } as const;

/** Fields of PageHeader that hold the description of a data page (v1) and of a dictionary page. */
export const PAGE_FIELD = { data: 5, dictionary: 7 } as const;

/** Data page, format v1 (what Delta advises), RLE levels. */
export function dataPageHeader(
  uncompressedBytes: number,
  compressedBytes: number,
  values: number,
  encoding: number,
): Buffer {
  const header = new ThriftCompactWriter();
  header.i32(1, PAGE_TYPE.data).i32(2, uncompressedBytes).i32(3, compressedBytes);
  header.struct(PAGE_FIELD.data, () =>
    header.i32(1, values).i32(2, encoding).i32(3, ENCODING.rle).i32(4, ENCODING.rle),
  );
  return Buffer.from(header.end());
}

export function dictionaryPageHeader(
  uncompressedBytes: number,
  compressedBytes: number,
  entries: number,
): Buffer {
  const header = new ThriftCompactWriter();
  header.i32(1, PAGE_TYPE.dictionary).i32(2, uncompressedBytes).i32(3, compressedBytes);
  header.struct(PAGE_FIELD.dictionary, () => header.i32(1, entries).i32(2, ENCODING.plain));
  return Buffer.from(header.end());
}
