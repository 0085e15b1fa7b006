import { open, type FileHandle } from 'node:fs/promises';
import type { FileCache } from './file-cache.ts';

/** Bytes at the end of a file that are asked for first: the footer of most files is in them. */
const TAIL_BYTES = 64 << 10;
/** Gaps between parts that are fetched with them: another request costs as much. */
const GAP_BYTES = 64 << 10;
/** Most bytes that one request asks for: they are in memory until they are written. */
const REQUEST_BYTES = 8 << 20;
/** The footer's length and the magic number. */
const END_BYTES = 8;

export interface LakeObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** A half-open range of an object's bytes. */
export type Place = readonly [start: number, end: number];

/**
 * A local Parquet file of which only parts are fetched; the others are holes that take no disk. A hole reads as zeros,
 * which are no page: an engine that reads there fails, and never answers with them.
 */
export class SparseCopy implements AsyncDisposable {
  readonly #cache: FileCache;
  readonly #object: LakeObject;
  readonly #file: FileHandle;
  /** The file's metadata as the object has it. */
  readonly footer: Uint8Array;

  private constructor(cache: FileCache, object: LakeObject, file: FileHandle, footer: Uint8Array) {
    this.#cache = cache;
    this.#object = object;
    this.#file = file;
    this.footer = footer;
  }

  /** Fetches the footer. @throws STORE_OBJECT_MISSING */
  static async open(cache: FileCache, object: LakeObject, path: string): Promise<SparseCopy> {
    const { key, sizeBytes } = object;
    const file = await open(path, 'w');
    try {
      await file.truncate(sizeBytes);
      const tailAt = Math.max(0, sizeBytes - TAIL_BYTES);
      let end = Buffer.from(await cache.rangeOf(key, tailAt, sizeBytes));
      const length = end.readUInt32LE(end.length - END_BYTES) + END_BYTES;
      if (length > end.length) {
        const rest = await cache.rangeOf(key, Math.max(0, sizeBytes - length), tailAt);
        end = Buffer.concat([rest, end]);
      }
      await file.write(end, 0, end.length, sizeBytes - end.length);
      return new SparseCopy(cache, object, file, end.subarray(-length, -END_BYTES));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Fetches these parts, and what lies between near ones. */
  async fetch(places: readonly Place[]): Promise<void> {
    for (const [start, last] of joined(places)) {
      const end = Math.min(last, this.#object.sizeBytes);
      for (let at = start; at < end; at += REQUEST_BYTES) {
        const bytes = await this.#cache.rangeOf(this.#object.key, at, Math.min(end, at + REQUEST_BYTES));
        await this.#file.write(bytes, 0, bytes.byteLength, at);
      }
    }
  }

  /** Puts another footer in the place of the copy's own. */
  async setFooter(footer: Uint8Array): Promise<void> {
    const at = this.#object.sizeBytes - END_BYTES - this.footer.length;
    const end = Buffer.alloc(END_BYTES);
    end.writeUInt32LE(footer.length);
    end.write('PAR1', 4, 'latin1');
    await this.#file.truncate(at);
    await this.#file.write(Buffer.concat([footer, end]), 0, footer.length + END_BYTES, at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

function joined(places: readonly Place[]): Place[] {
  const all: [start: number, end: number][] = [];
  for (const [start, end] of [...places].sort((left, right) => left[0] - right[0])) {
    const last = all.at(-1);
    if (last !== undefined && start - last[1] <= GAP_BYTES) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}
