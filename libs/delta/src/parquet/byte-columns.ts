import { takeBuffer } from './buffer-pool.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { LeafColumn, type EncodedValues, type PageCompressor } from './leaf-column.ts';
import { bitWidthOf, encodeHybrid } from './levels.ts';
import { ENCODING } from './page-format.ts';
import type { LeafPath } from './parquet-schema.ts';

/** Bytes of a bound that are kept: enough for the 32 UTF-16 units of Delta's statistics. */
const BOUND_BYTES = 128;

/** A bound of a byte array column; `whole` is false when the value went on after these bytes. */
export interface ByteBound {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/**
 * BYTE_ARRAY: strings and bytes. While values repeat, a page holds the numbers of their entries in a dictionary; once that
 * does not pay any more, the values as they are.
 */
export class BytesColumn extends LeafColumn {
  readonly #bounded: boolean;
  #dictionary: ByteDictionary | null = new ByteDictionary();
  /** Whether the open page holds numbers of entries. */
  #indexed = true;
  #indexedPages = 0;
  #indexes: Int32Array = new Int32Array(this.page.buffer);
  #min: ByteBound | null = null;
  #max: ByteBound | null = null;

  constructor(leaf: LeafPath, compress: PageCompressor) {
    super(leaf, compress);
    this.#bounded = leaf.node.logical?.kind === 'string';
  }

  append(source: Buffer, start: number, end: number): void {
    if (this.#indexed && this.#appendIndex(source, start, end)) return;
    const length = end - start;
    this.reserve(4 + length);
    const page = this.page;
    const at = this.used;
    page[at] = length & 255;
    page[at + 1] = (length >>> 8) & 255;
    page[at + 2] = (length >>> 16) & 255;
    page[at + 3] = length >>> 24;
    // For values that are not long a loop is cheaper than crossing into native code.
    if (length <= 64) for (let i = 0; i < length; i++) page[at + 4 + i] = source[start + i] as number;
    else source.copy(page, at + 4, start, end);
    this.used = at + 4 + length;
    if (this.#bounded) this.#track(source, start, end);
  }

  override get heldBytes(): number {
    return super.heldBytes + (this.#dictionary?.heldBytes ?? 0);
  }

  #appendIndex(source: Buffer, start: number, end: number): boolean {
    const dictionary = this.#dictionary as ByteDictionary;
    const known = dictionary.entries;
    const index = dictionary.indexOf(source, start, end);
    if (index < 0) {
      this.#leaveDictionary();
      return false;
    }
    if (this.used === this.page.length) this.reserve(4);
    this.#indexes[this.used >> 2] = index;
    this.used += 4;
    if (index === known && this.#bounded) this.#track(source, start, end);
    return true;
  }

  /** Turns the open page's numbers into the values themselves, which is what it holds from now on. */
  #leaveDictionary(): void {
    const dictionary = this.#dictionary as ByteDictionary;
    const count = this.used >> 2;
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += sizeOf(dictionary, this.#indexes[i] as number);
    const plain = takeBuffer(Math.max(bytes, 1));
    let at = 0;
    let rowUsed = 0;
    for (let i = 0; i < count; i++) {
      if (i * 4 === this.rowUsed) rowUsed = at;
      const index = this.#indexes[i] as number;
      const start = dictionary.startOf(index) - 4;
      at += dictionary.bytes.copy(plain, at, start, dictionary.endOf(index));
    }
    this.replacePage(plain, at, this.rowUsed === this.used ? at : rowUsed);
    this.#indexed = false;
    if (this.#indexedPages > 0) return;
    dictionary.release();
    this.#dictionary = null;
  }

  protected override chunkBegins(): void {
    this.#dictionary = new ByteDictionary();
    this.#indexed = true;
    this.#indexedPages = 0;
  }

  protected override pageMoved(): void {
    this.#indexes = new Int32Array(this.page.buffer);
  }

  protected override encodedValues(): EncodedValues {
    const count = this.used >> 2;
    const dictionary = this.#dictionary;
    // Of a few values, a dictionary with most of them is no gain.
    if (this.#indexed && this.#indexedPages === 0 && (dictionary?.entries ?? 0) * 2 > count)
      this.#leaveDictionary();
    if (!this.#indexed || dictionary === null) return super.encodedValues();
    this.#indexedPages += 1;
    const width = Math.max(1, bitWidthOf(dictionary.entries - 1));
    const hybrid = encodeHybrid(new Uint32Array(this.page.buffer, 0, count), count, width);
    const bytes = Buffer.allocUnsafe(1 + hybrid.length);
    bytes[0] = width;
    hybrid.copy(bytes, 1);
    return { encoding: ENCODING.rleDictionary, bytes };
  }

  protected override takeDictionary(): { readonly entries: number; readonly bytes: Uint8Array } | null {
    const dictionary = this.#dictionary;
    this.#dictionary = null;
    if (dictionary === null) return null;
    const { entries, used } = dictionary;
    // A copy: the memory goes back to the pool before it is compressed.
    const bytes = this.#indexedPages === 0 ? null : Buffer.from(dictionary.bytes.subarray(0, used));
    dictionary.release();
    return bytes === null ? null : { entries, bytes };
  }

  /** For callers off the hot path. */
  appendText(text: string): void {
    const bytes = Buffer.from(text);
    this.append(bytes, 0, bytes.length);
  }

  get bounds(): { min: ByteBound; max: ByteBound } | null {
    return this.#min === null || this.#max === null ? null : { min: this.#min, max: this.#max };
  }

  protected override plainBounds(): { min: Uint8Array; max: Uint8Array } | null {
    const bounds = this.bounds;
    return bounds !== null && bounds.min.whole && bounds.max.whole
      ? { min: bounds.min.bytes, max: bounds.max.bytes }
      : null;
  }

  #track(source: Buffer, start: number, end: number): void {
    const kept = Math.min(end, start + BOUND_BYTES);
    if (this.#min === null || compareBytes(source, start, kept, this.#min.bytes) < 0)
      this.#min = bound(source, start, end, kept);
    if (this.#max === null) this.#max = bound(source, start, end, kept);
    else {
      const order = compareBytes(source, start, kept, this.#max.bytes);
      if (order > 0 || (order === 0 && this.#max.whole && kept < end))
        this.#max = bound(source, start, end, kept);
    }
  }
}

/** FIXED_LEN_BYTE_ARRAY: decimals of more than 18 digits, big-endian two's complement, sign-extended to the width. */
export class FixedColumn extends LeafColumn {
  readonly #width: number;
  #min: Buffer | null = null;
  #max: Buffer | null = null;

  constructor(leaf: LeafPath, compress: PageCompressor) {
    super(leaf, compress);
    this.#width = leaf.node.byteLength ?? 16;
  }

  /** Longer input than the width must only hold sign bytes in front; that is the caller's check. */
  append(source: Buffer, start: number, end: number): void {
    const width = this.#width;
    this.reserve(width);
    const page = this.page;
    const length = end - start;
    const sign = length > 0 && (source[start] as number) > 127 ? 255 : 0;
    for (let i = 0; i < width; i++) {
      const from = length - width + i;
      page[this.used + i] = from < 0 ? sign : (source[start + from] as number);
    }
    const value = page.subarray(this.used, this.used + width);
    if (this.#min === null || compareSigned(value, this.#min) < 0) this.#min = Buffer.from(value);
    if (this.#max === null || compareSigned(value, this.#max) > 0) this.#max = Buffer.from(value);
    this.used += width;
  }

  get bounds(): { min: Buffer; max: Buffer } | null {
    return this.#min === null || this.#max === null ? null : { min: this.#min, max: this.#max };
  }

  protected override plainBounds(): { min: Uint8Array; max: Uint8Array } | null {
    return this.bounds;
  }
}

function sizeOf(dictionary: ByteDictionary, index: number): number {
  return 4 + dictionary.endOf(index) - dictionary.startOf(index);
}

function bound(source: Buffer, start: number, end: number, kept: number): ByteBound {
  return { bytes: Buffer.from(source.subarray(start, kept)), whole: kept === end };
}

function compareBytes(source: Buffer, start: number, end: number, other: Buffer): number {
  const length = Math.min(end - start, other.length);
  for (let i = 0; i < length; i++) {
    const difference = (source[start + i] as number) - (other[i] as number);
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}

/** Two's complement of one width: flipping the sign bit turns it into byte order. */
function compareSigned(left: Buffer, right: Buffer): number {
  const first = ((left[0] as number) ^ 128) - ((right[0] as number) ^ 128);
  return first !== 0 ? first : Buffer.compare(left, right);
}
