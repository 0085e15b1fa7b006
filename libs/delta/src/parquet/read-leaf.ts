import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { snappyUncompress, type ColumnMetaData } from 'hyparquet';
import { bitWidthOf } from './levels.ts';
import { ENCODING, PAGE_TYPE } from './page-format.ts';
import { readPageHeader, type PageHeader } from './page-header.ts';
import { readDeltaPacked } from './read-delta-packed.ts';
import { readHybrid } from './read-levels.ts';

export type LeafValue = string | number | boolean;

/** A column chunk decoded: one level entry per value or null, and the values that are there. */
export interface LeafValues {
  readonly definitions: Uint8Array;
  /** Null for a column without repetition. */
  readonly repetitions: Uint8Array | null;
  readonly values: readonly LeafValue[];
}

/** A chunk in a form of Parquet that is read by the general reader instead: pages v2, rare encodings and codecs. */
export class ForeignForm extends Error {
  override readonly name = 'ForeignForm';
}

/** Reads a chunk of data pages v1. 64-bit integers become numbers, as the JSON log has them. @throws ForeignForm */
export function readLeaf(
  file: Buffer,
  meta: ColumnMetaData,
  maxDefinition: number,
  maxRepetition: number,
): LeafValues {
  const count = Number(meta.num_values);
  const definitions = new Uint8Array(count);
  const repetitions = maxRepetition === 0 ? null : new Uint8Array(count);
  const values: LeafValue[] = [];
  let dictionary: LeafValue[] = [];
  let at = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
  // Writers that have no dictionary may leave a zero in its offset.
  if (at === 0) at = Number(meta.data_page_offset);
  let done = 0;
  while (done < count) {
    const header = readPageHeader(file, at);
    const packed = file.subarray(header.bodyAt, header.bodyAt + header.compressedBytes);
    at = header.bodyAt + header.compressedBytes;
    if (header.type === PAGE_TYPE.dictionary) {
      dictionary = [];
      readPlain(unpacked(packed, header, meta.codec), 0, meta.type, header.valueCount, dictionary);
      continue;
    }
    if (header.type !== PAGE_TYPE.data) throw new ForeignForm(`page type ${header.type}`);
    const page = unpacked(packed, header, meta.codec);
    let start = 0;
    if (repetitions !== null) start = readLevels(page, start, maxRepetition, repetitions, done, header);
    if (maxDefinition > 0) start = readLevels(page, start, maxDefinition, definitions, done, header);
    let present = 0;
    for (let i = done; i < done + header.valueCount; i += 1)
      if (definitions[i] === maxDefinition) present += 1;
    readValues(page, start, header.encoding, meta.type, present, dictionary, values);
    done += header.valueCount;
  }
  return { definitions, repetitions, values };
}

function readLevels(
  page: Buffer,
  start: number,
  max: number,
  out: Uint8Array,
  outStart: number,
  { valueCount }: PageHeader,
): number {
  const bytes = page.readUInt32LE(start);
  readHybrid(page, start + 4, bitWidthOf(max), out, outStart, valueCount);
  return start + 4 + bytes;
}

function readValues(
  page: Buffer,
  start: number,
  encoding: number,
  type: string,
  count: number,
  dictionary: readonly LeafValue[],
  out: LeafValue[],
): void {
  if (encoding === ENCODING.plain) return readPlain(page, start, type, count, out);
  if (encoding === ENCODING.deltaBinaryPacked && (type === 'INT32' || type === 'INT64')) {
    if (readDeltaPacked(page, start, type === 'INT32' ? 32 : 64, count, out)) return;
    throw new ForeignForm('numbers that are not exact');
  }
  if (encoding !== ENCODING.rleDictionary && encoding !== ENCODING.plainDictionary)
    throw new ForeignForm(`encoding ${encoding}`);
  if (count === 0) return;
  const indices = new Uint32Array(count);
  readHybrid(page, start + 1, page[start] as number, indices, 0, count);
  for (let i = 0; i < count; i += 1) {
    const value = dictionary[indices[i] as number];
    if (value === undefined) throw new RangeError('a value that its dictionary does not hold');
    out.push(value);
  }
}

function readPlain(page: Buffer, start: number, type: string, count: number, out: LeafValue[]): void {
  let at = start;
  switch (type) {
    case 'BYTE_ARRAY':
      for (let i = 0; i < count; i += 1) {
        const length = page.readUInt32LE(at);
        if (at + 4 + length > page.length) throw new RangeError('a text goes on after the end of its page');
        out.push(page.toString('utf8', at + 4, at + 4 + length));
        at += 4 + length;
      }
      return;
    case 'INT64':
      for (let i = 0; i < count; i += 1, at += 8)
        out.push(page.readInt32LE(at + 4) * 2 ** 32 + page.readUInt32LE(at));
      return;
    case 'INT32':
      for (let i = 0; i < count; i += 1, at += 4) out.push(page.readInt32LE(at));
      return;
    case 'BOOLEAN':
      for (let i = 0; i < count; i += 1)
        out.push((((page[start + (i >> 3)] as number) >> (i & 7)) & 1) === 1);
      return;
    default:
      throw new ForeignForm(`type ${type}`);
  }
}

function unpacked(packed: Buffer, header: PageHeader, codec: string): Buffer {
  switch (codec) {
    case 'UNCOMPRESSED':
      return packed;
    case 'ZSTD':
      return zstdDecompressSync(packed, { chunkSize: Math.max(64, header.uncompressedBytes) });
    case 'GZIP':
      return gunzipSync(packed, { chunkSize: Math.max(64, header.uncompressedBytes) });
    case 'SNAPPY': {
      const page = Buffer.allocUnsafe(header.uncompressedBytes);
      snappyUncompress(packed, page);
      return page;
    }
    default:
      throw new ForeignForm(`codec ${codec}`);
  }
}
