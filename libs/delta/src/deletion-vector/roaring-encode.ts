import { BITMAP_BYTES, COOKIE, COOKIE_WITH_RUNS, OFFSETS_FROM } from './roaring-format.ts';
import { MAX_LISTED, type RowBlock, type RowRun } from './row-block.ts';

interface Container {
  readonly place: number;
  readonly block: RowBlock;
  /** Set where runs are the smallest form. */
  readonly runs: readonly RowRun[] | null;
  readonly byteLength: number;
}

/** Writes one 32-bit Roaring bitmap of these blocks, ascending by their upper 16 bits. */
export function encodeRoaring(blocks: readonly { place: number; block: RowBlock }[]): Buffer {
  const containers = blocks.map(containerOf);
  const hasRuns = containers.some(({ runs }) => runs !== null);
  const hasOffsets = !hasRuns || containers.length >= OFFSETS_FROM;
  const flagBytes = hasRuns ? Math.ceil(containers.length / 8) : 0;
  const headerBytes = (hasRuns ? 4 + flagBytes : 8) + containers.length * (hasOffsets ? 8 : 4);
  const out = Buffer.alloc(containers.reduce((sum, { byteLength }) => sum + byteLength, headerBytes));
  let at = 0;
  if (hasRuns) {
    at = out.writeUInt16LE(COOKIE_WITH_RUNS, at);
    at = out.writeUInt16LE(containers.length - 1, at);
    containers.forEach(({ runs }, index) => {
      if (runs !== null) out[at + (index >>> 3)] = (out[at + (index >>> 3)] as number) | (1 << (index & 7));
    });
    at += flagBytes;
  } else {
    at = out.writeUInt32LE(COOKIE, at);
    at = out.writeUInt32LE(containers.length, at);
  }
  for (const { place, block } of containers) {
    at = out.writeUInt16LE(place, at);
    at = out.writeUInt16LE(block.size - 1, at);
  }
  let begin = headerBytes;
  if (hasOffsets) {
    for (const { byteLength } of containers) {
      at = out.writeUInt32LE(begin, at);
      begin += byteLength;
    }
  }
  for (const container of containers) at = writeContainer(out, at, container);
  return out;
}

function containerOf({ place, block }: { place: number; block: RowBlock }): Container {
  const plain = block.size > MAX_LISTED ? BITMAP_BYTES : block.size * 2;
  const runs = block.runs();
  const asRuns = 2 + runs.length * 4;
  return asRuns < plain
    ? { place, block, runs, byteLength: asRuns }
    : { place, block, runs: null, byteLength: plain };
}

function writeContainer(out: Buffer, start: number, { block, runs }: Container): number {
  let at = start;
  if (runs !== null) {
    at = out.writeUInt16LE(runs.length, at);
    for (const { first, last } of runs) {
      at = out.writeUInt16LE(first, at);
      at = out.writeUInt16LE(last - first, at);
    }
    return at;
  }
  if (block.size > MAX_LISTED) {
    block.forEach((row) => {
      out[start + (row >>> 3)] = (out[start + (row >>> 3)] as number) | (1 << (row & 7));
    });
    return start + BITMAP_BYTES;
  }
  block.forEach((row) => {
    at = out.writeUInt16LE(row, at);
  });
  return at;
}
