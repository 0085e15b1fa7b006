import { giveBack, takeBuffer } from './buffer-pool.ts';
import { encodeLevels } from './levels.ts';
import { PHYSICAL, type LeafPath } from './parquet-schema.ts';
import { ThriftCompactWriter } from './thrift-compact-writer.ts';

/** Compresses one page into bytes of its own; synchronous, since pages are closed between two rows. */
export type PageCompressor = (bytes: Uint8Array) => Uint8Array;

/** Uncompressed bytes after which a page is closed. */
export const PAGE_BYTES = 1 << 20;
/** Values after which a page is closed even when they take few bytes. */
const PAGE_VALUES = 1 << 17;
const FIRST_BYTES = 512;

/** What the footer says of a finished column chunk. */
export interface ColumnChunk {
  readonly pages: readonly Uint8Array[];
  readonly valueCount: number;
  readonly nullCount: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  /** Exact bounds in PLAIN encoding, where the column has them. */
  readonly bounds: { readonly min: Uint8Array; readonly max: Uint8Array } | null;
}

/**
 * One leaf column being filled: values go PLAIN-encoded into a page buffer, and a full page is compressed at once, so
 * what is held is the compressed past and at most one open page. Subclasses add the typed appends and the bounds.
 */
export abstract class LeafColumn {
  readonly leaf: LeafPath;
  readonly #compress: PageCompressor;
  readonly #pages: Uint8Array[] = [];
  readonly #flat: boolean;
  #definitions = takeBuffer(FIRST_BYTES);
  #repetitions: Buffer<ArrayBuffer> | null;
  #levels = 0;
  #valueCount = 0;
  #nullCount = 0;
  #uncompressed = 0;
  #compressed = 0;
  #closedBytes = 0;
  #rows = 0;
  #rowLevels = 0;
  #rowUsed = 0;
  #rowNulls = 0;
  protected page: Buffer<ArrayBuffer> = takeBuffer(FIRST_BYTES);
  protected used = 0;

  constructor(leaf: LeafPath, compress: PageCompressor) {
    this.leaf = leaf;
    this.#compress = compress;
    this.#flat = leaf.maxRepetition === 0;
    this.#repetitions = this.#flat ? null : takeBuffer(FIRST_BYTES);
  }

  /** Bytes held: closed pages and the open one. */
  get heldBytes(): number {
    return this.#closedBytes + this.page.length + this.#definitions.length;
  }

  get nullCount(): number {
    return this.#nullCount;
  }

  /** A null of the column itself (its topmost optional ancestor is absent). */
  appendNull(): void {
    this.level(0, 0);
  }

  /** Says that the next value (or null) stands at these levels; a value is then appended iff definition is maximal. */
  level(definition: number, repetition: number): void {
    if (repetition === 0) {
      if (this.used >= PAGE_BYTES || this.#levels >= PAGE_VALUES) this.#closePage();
      this.#rows += 1;
      this.#rowLevels = this.#levels;
      this.#rowUsed = this.used;
      this.#rowNulls = this.#nullCount;
    }
    const at = this.#levels;
    if (at === this.#definitions.length) this.#growLevels();
    this.#definitions[at] = definition;
    if (this.#repetitions !== null) this.#repetitions[at] = repetition;
    this.#levels = at + 1;
    if (definition !== this.leaf.maxDefinition) this.#nullCount += 1;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Takes back the row begun last, for input that turns out to be damaged half way. Bounds may stay wider. */
  dropLastRow(): void {
    this.#rows -= 1;
    this.#levels = this.#rowLevels;
    this.used = this.#rowUsed;
    this.#nullCount = this.#rowNulls;
  }

  /** Closes the last page and hands the buffers back: nothing may be appended afterwards. */
  finish(): ColumnChunk {
    if (this.#levels > 0 || this.#pages.length === 0) this.#closePage();
    giveBack(this.page);
    giveBack(this.#definitions);
    if (this.#repetitions !== null) giveBack(this.#repetitions);
    return {
      pages: this.#pages,
      valueCount: this.#valueCount,
      nullCount: this.#nullCount,
      uncompressedBytes: this.#uncompressed,
      compressedBytes: this.#compressed,
      bounds: this.plainBounds(),
    };
  }

  /** Bounds of the non-null values, PLAIN-encoded; null when unknown. */
  protected abstract plainBounds(): { min: Uint8Array; max: Uint8Array } | null;

  /** Bytes of the open page to be written out; booleans pack theirs. */
  protected plainPage(): Uint8Array {
    return this.page.subarray(0, this.used);
  }

  /** Makes room for `bytes` more in the open page. */
  protected reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.page.length) return;
    const grown = takeBuffer(Math.max(this.page.length * 2, needed));
    this.page.copy(grown, 0, 0, this.used);
    giveBack(this.page);
    this.page = grown;
    this.pageMoved();
  }

  /** Called when `page` is another buffer than before. */
  protected pageMoved(): void {}

  #growLevels(): void {
    const grow = (levels: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> => {
      const grown = takeBuffer(levels.length * 2);
      levels.copy(grown);
      giveBack(levels);
      return grown;
    };
    this.#definitions = grow(this.#definitions);
    if (this.#repetitions !== null) this.#repetitions = grow(this.#repetitions);
  }

  #closePage(): void {
    const parts: Uint8Array[] = [];
    if (this.#repetitions !== null)
      parts.push(encodeLevels(this.#repetitions, this.#levels, this.leaf.maxRepetition));
    if (this.leaf.maxDefinition > 0)
      parts.push(encodeLevels(this.#definitions, this.#levels, this.leaf.maxDefinition));
    parts.push(this.plainPage());
    const plain = takeBuffer(parts.reduce((sum, part) => sum + part.length, 1));
    let plainBytes = 0;
    for (const part of parts) {
      plain.set(part, plainBytes);
      plainBytes += part.length;
    }
    const packed = this.#compress(plain.subarray(0, plainBytes));
    giveBack(plain);
    const header = pageHeader(plainBytes, packed.length, this.#levels);
    this.#pages.push(header, packed);
    this.#uncompressed += header.length + plainBytes;
    this.#compressed += header.length + packed.length;
    this.#closedBytes += packed.byteLength;
    this.#valueCount += this.#levels;
    this.#levels = 0;
    this.used = 0;
  }
}

/** Data page, format v1 (what Delta advises), PLAIN values, RLE levels. */
function pageHeader(uncompressedBytes: number, compressedBytes: number, values: number): Buffer {
  const header = new ThriftCompactWriter();
  header.i32(1, 0).i32(2, uncompressedBytes).i32(3, compressedBytes);
  header.struct(5, () =>
    header.i32(1, values).i32(2, ENCODING.plain).i32(3, ENCODING.rle).i32(4, ENCODING.rle),
  );
  return Buffer.from(header.end());
}

export const ENCODING = { plain: 0, rle: 3 } as const;
export const physicalNumber = (leaf: LeafPath): number => PHYSICAL[leaf.node.physical];
