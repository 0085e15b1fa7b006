import { PAGE_FIELD } from './page-format.ts';
import { ThriftCursor } from './thrift-cursor.ts';

/** What a reader needs of a page's header; `encoding` and `type` are Parquet's own numbers. */
export interface PageHeader {
  readonly type: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly valueCount: number;
  readonly encoding: number;
  /** Where the page's bytes begin. */
  readonly bodyAt: number;
}

/** Reads the header at `at`. Page formats other than v1 come out with their type and no count. */
export function readPageHeader(bytes: Buffer, at: number): PageHeader {
  const cursor = new ThriftCursor(bytes, at);
  const found = { type: -1, uncompressedBytes: 0, compressedBytes: 0, valueCount: 0, encoding: -1 };
  cursor.fields((field, type) => {
    if (field === 1) found.type = cursor.integer();
    else if (field === 2) found.uncompressedBytes = cursor.integer();
    else if (field === 3) found.compressedBytes = cursor.integer();
    else if (field === PAGE_FIELD.data || field === PAGE_FIELD.dictionary)
      cursor.fields((inner, innerType) => {
        if (inner === 1) found.valueCount = cursor.integer();
        else if (inner === 2) found.encoding = cursor.integer();
        else cursor.skip(innerType);
      });
    else cursor.skip(type);
  });
  return { ...found, bodyAt: cursor.at };
}
