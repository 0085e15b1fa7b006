import { ByteReader } from './byte-reader.ts';
import { corruptVector } from './corrupt-vector.ts';
import { decodeRoaring } from './roaring-decode.ts';
import { encodeRoaring } from './roaring-encode.ts';
import { BLOCK_ROWS, type RowBlock } from './row-block.ts';
import { RowSet } from './row-set.ts';

/** First bytes of a RoaringBitmapArray. */
const MAGIC = 1_681_511_377;
/** Row numbers stop at 2^53 here, so a bucket's key stops at 2^21. */
const MAX_KEY = 2 ** 21;

/** Delta's RoaringBitmapArray: the magic number, then one 32-bit bitmap per value of the rows' upper 32 bits. */
export function encodeBitmapArray(rows: RowSet): Buffer {
  const buckets = new Map<number, { place: number; block: RowBlock }[]>();
  for (const place of rows.places()) {
    const key = Math.floor(place / BLOCK_ROWS);
    let bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, (bucket = []));
    bucket.push({ place: place % BLOCK_ROWS, block: rows.blockOf(place) });
  }
  const head = Buffer.alloc(12);
  head.writeUInt32LE(MAGIC, 0);
  head.writeBigUInt64LE(BigInt(buckets.size), 4);
  const parts: Buffer[] = [head];
  for (const [key, blocks] of buckets) {
    const keyBytes = Buffer.alloc(4);
    keyBytes.writeUInt32LE(key, 0);
    parts.push(keyBytes, encodeRoaring(blocks));
  }
  return Buffer.concat(parts);
}

/** @throws LAKE_LOG_CORRUPT when the bytes are anything else, or more */
export function decodeBitmapArray(bytes: Uint8Array): RowSet {
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== MAGIC) throw corruptVector('it does not begin as one');
  const buckets = reader.uint32();
  if (reader.uint32() !== 0) throw corruptVector('it counts more buckets than there can be');
  const rows = new RowSet();
  let last = -1;
  for (let at = 0; at < buckets; at += 1) {
    const key = reader.uint32();
    if (key <= last || key >= MAX_KEY) throw corruptVector('its buckets are not in order');
    last = key;
    decodeRoaring(reader, (place, block) => rows.adopt(key * BLOCK_ROWS + place, block));
  }
  if (reader.left > 0) throw corruptVector('it goes on after its last row');
  return rows;
}
