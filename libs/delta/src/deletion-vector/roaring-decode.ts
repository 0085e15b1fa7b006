import type { ByteReader } from './byte-reader.ts';
import { corruptVector } from './corrupt-vector.ts';
import { COOKIE, COOKIE_WITH_RUNS, OFFSETS_FROM } from './roaring-format.ts';
import { BITMAP_WORDS, BLOCK_ROWS, MAX_LISTED, RowBlock } from './row-block.ts';

/** Reads one 32-bit Roaring bitmap; calls for each of its blocks with the upper 16 bits. @throws LAKE_LOG_CORRUPT */
export function decodeRoaring(reader: ByteReader, onBlock: (place: number, block: RowBlock) => void): void {
  const cookie = reader.uint32();
  const hasRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS;
  if (!hasRuns && cookie !== COOKIE) throw corruptVector('it holds no Roaring bitmap');
  const count = hasRuns ? (cookie >>> 16) + 1 : reader.uint32();
  if (count > BLOCK_ROWS) throw corruptVector('it holds more blocks than a bitmap has');
  const runFlags = hasRuns ? reader.bytes(Math.ceil(count / 8)) : null;
  const places: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const place = reader.uint16();
    if (at > 0 && place <= (places[at - 1] as number)) throw corruptVector('its blocks are not in order');
    places.push(place);
    sizes.push(reader.uint16() + 1);
  }
  // Where each block begins is only of use to who skips some.
  if (!hasRuns || count >= OFFSETS_FROM) reader.bytes(count * 4);
  for (let at = 0; at < count; at += 1) {
    const size = sizes[at] as number;
    const isRun = runFlags !== null && ((runFlags[at >>> 3] as number) & (1 << (at & 7))) !== 0;
    const block = isRun ? runs(reader) : size > MAX_LISTED ? bitmap(reader) : list(reader, size);
    if (block.size !== size) throw corruptVector('a block does not have the rows that its header counts');
    onBlock(places[at] as number, block);
  }
}

function list(reader: ByteReader, size: number): RowBlock {
  const block = new RowBlock();
  let last = -1;
  for (let at = 0; at < size; at += 1) {
    const row = reader.uint16();
    if (row <= last) throw corruptVector('the rows of a block are not in order');
    block.add(row);
    last = row;
  }
  return block;
}

function bitmap(reader: ByteReader): RowBlock {
  const block = new RowBlock();
  for (let at = 0; at < BITMAP_WORDS; at += 1) {
    for (let word = reader.uint32(); word !== 0; word &= word - 1)
      block.add(at * 32 + 31 - Math.clz32(word & -word));
  }
  return block;
}

function runs(reader: ByteReader): RowBlock {
  const block = new RowBlock();
  const count = reader.uint16();
  let last = -1;
  for (let at = 0; at < count; at += 1) {
    const first = reader.uint16();
    const end = first + reader.uint16();
    if (first <= last || end >= BLOCK_ROWS) throw corruptVector('the runs of a block are not in order');
    block.addRun(first, end);
    last = end;
  }
  return block;
}
