import { LeafColumn, type PageCompressor } from './leaf-column.ts';
import type { LeafPath } from './parquet-schema.ts';

/** Bytes of a bound that are kept: enough for the 32 UTF-16 units of Delta's statistics. */
const BOUND_BYTES = 128;

/** A bound of a byte array column; `whole` is false when the value went on after these bytes. */
export interface ByteBound {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** BYTE_ARRAY: strings and bytes, copied as they are. */
export class BytesColumn extends LeafColumn {
  readonly #bounded: boolean;
  #min: ByteBound | null = null;
  #max: ByteBound | null = null;

  constructor(leaf: LeafPath, compress: PageCompressor) {
    super(leaf, compress);
    this.#bounded = leaf.node.logical?.kind === 'string';
  }

  append(source: Buffer, start: number, end: number): void {
    const length = end - start;
    this.reserve(4 + length);
    const page = this.page;
    const at = this.used;
    page[at] = length & 255;
    page[at + 1] = (length >>> 8) & 255;
    page[at + 2] = (length >>> 16) & 255;
    page[at + 3] = length >>> 24;
    // For short values a loop is cheaper than crossing into native code.
    if (length <= 24) for (let i = 0; i < length; i++) page[at + 4 + i] = source[start + i] as number;
    else source.copy(page, at + 4, start, end);
    this.used = at + 4 + length;
    if (this.#bounded) this.#track(source, start, end);
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
