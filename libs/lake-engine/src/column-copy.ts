import { open, type FileHandle, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineSession } from './engine-session.ts';
import { text } from './engine-sql.ts';
import type { FileCache } from './file-cache.ts';

/** Bytes at the end of a file that are asked for first: the footer of most files is in them. */
const TAIL_BYTES = 64 << 10;
/** Gaps between column chunks that are fetched with them: another request costs as much. */
const GAP_BYTES = 64 << 10;
/** A file of this size is fetched whole. */
const SMALL_BYTES = 512 << 10;

export interface LakeObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/**
 * Local path of a Parquet file from which these top-level columns, and no others, can be read: the file itself where it
 * is at hand, or a copy with holes in the place of the other columns, of which only what is needed was fetched. The copy is gone
 * when the session ends. @throws STORE_OBJECT_MISSING
 */
export async function columnCopy(
  session: EngineSession,
  cache: FileCache,
  { key, sizeBytes }: LakeObject,
  columns: readonly string[],
): Promise<string> {
  if (cache.has(key) || sizeBytes <= SMALL_BYTES) return await cache.pathOf(key);
  await mkdir(session.folder, { recursive: true });
  const path = join(session.folder, `columns-${key.replaceAll(/[^A-Za-z0-9.-]/gu, '_').slice(-120)}`);
  await using copy = await open(path, 'w');
  await copy.truncate(sizeBytes);
  await copyFooter(cache, key, sizeBytes, copy);
  for (const [start, end] of joined(await chunksOf(session, path, columns)))
    await copyRange(cache, key, start, end, copy);
  return path;
}

async function copyFooter(cache: FileCache, key: string, size: number, copy: FileHandle): Promise<void> {
  const tail = await copyRange(cache, key, Math.max(0, size - TAIL_BYTES), size, copy);
  // The last eight bytes are the footer's length and the magic number.
  const footer = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).readUInt32LE(tail.length - 8) + 8;
  if (footer > tail.length) await copyRange(cache, key, Math.max(0, size - footer), size, copy);
}

/** Where the columns lie, by the footer. */
async function chunksOf(
  session: EngineSession,
  path: string,
  columns: readonly string[],
): Promise<[start: number, end: number][]> {
  const names = columns.map(text).join(', ');
  const chunks = await session.rows(
    `SELECT least(data_page_offset, coalesce(nullif(dictionary_page_offset, 0), data_page_offset)) AS first, total_compressed_size AS size FROM parquet_metadata(${text(path)}) WHERE split_part(path_in_schema, ', ', 1) IN (${names}) ORDER BY 1`,
  );
  return chunks.map((row) => [Number(row['first']), Number(row['first']) + Number(row['size'])]);
}

function joined(ranges: readonly [start: number, end: number][]): [start: number, end: number][] {
  const all: [start: number, end: number][] = [];
  for (const [start, end] of ranges) {
    const last = all.at(-1);
    if (last !== undefined && start - last[1] <= GAP_BYTES) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}

async function copyRange(
  cache: FileCache,
  key: string,
  start: number,
  end: number,
  copy: FileHandle,
): Promise<Uint8Array> {
  const bytes = await cache.rangeOf(key, start, end);
  await copy.write(bytes, 0, bytes.byteLength, start);
  return bytes;
}
