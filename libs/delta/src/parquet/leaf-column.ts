import { giveBack, takeBuffer } from './buffer-pool.ts';
import { encodeConstantLevels, encodeLevels } from './levels.ts';
import { dataPageHeader, dictionaryPageHeader, ENCODING } from './page-format.ts';
import { PHYSICAL, type LeafPath } from './parquet-schema.ts';

/** Compresses one page into bytes of its own; synchronous, since pages are closed between two rows. */
export type PageCompressor = (bytes: Uint8Array) => Uint8Array;

/** Uncompressed bytes after which a page is closed. */
export const PAGE_BYTES = 1 << 19;
/** Values after which a page is closed even when they take few bytes. */
const PAGE_VALUES = 1 << 16;
const FIRST_BYTES = 512;
const NO_LEVELS = Buffer.from(new ArrayBuffer(0));

/** What the footer says of a finished column chunk. */
export interface ColumnChunk {
  readonly pages: readonly Uint8Array[];
  readonly valueCount: number;
  readonly nullCount: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  /** Of the levels and of every page, each once. */
  readonly encodings: readonly number[];
  /** Bytes of the dictionary page, which is the first; 0 where there is none. */
  readonly dictionaryBytes: number;
  /** Exact bounds in PLAIN encoding, where the column has them. */
  readonly bounds: { readonly min: Uint8Array; readonly max: Uint8Array } | null;
}

/** The values of a page as they are written. */
export interface EncodedValues {
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/**
 * One leaf column being filled: values go into a page buffer, and a full page is encoded and compressed at once, so what
 * is held is the compressed past and at most one open page. Subclasses add the typed appends, the encodings and the bounds.
 */
export abstract class LeafColumn {
  readonly leaf: LeafPath;
  readonly #compress: PageCompressor;
  #pages: Uint8Array[] = [];
  readonly #flat: boolean;
  #encodings = new Set<number>([ENCODING.rle]);
  #definitions: Buffer<ArrayBuffer>;
  #repetitions: Buffer<ArrayBuffer> | null;
  /** Every value of the open page is present: its definition levels are not written down before one is not. */
  #present = true;
  #levels = 0;
  #valueCount = 0;
  #nullCount = 0;
  /** In the chunks before the open one. */
  #earlierNulls = 0;
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
    this.#present = this.#flat;
    // Most flat columns have no null, and then no level is written down.
    this.#definitions = this.#flat ? NO_LEVELS : takeBuffer(FIRST_BYTES);
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
    this.#levels = at + 1;
    if (definition === this.leaf.maxDefinition) {
      if (this.#flat && this.#present) return;
    } else this.#nullCount += 1;
    this.#noteLevel(at, definition, repetition);
  }

  #noteLevel(at: number, definition: number, repetition: number): void {
    while (at >= this.#definitions.length) this.#growLevels();
    if (this.#present) {
      this.#definitions.fill(this.leaf.maxDefinition, 0, at);
      this.#present = false;
    }
    this.#definitions[at] = definition;
    if (this.#repetitions !== null) this.#repetitions[at] = repetition;
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
    const chunk = this.#endChunk();
    giveBack(this.page);
    giveBack(this.#definitions);
    if (this.#repetitions !== null) giveBack(this.#repetitions);
    return chunk;
  }

  /** Ends the chunk of one row group; what is appended from now on is of the next one. */
  endChunk(): ColumnChunk {
    const chunk = this.#endChunk();
    this.#pages = [];
    this.#encodings = new Set([ENCODING.rle]);
    this.#valueCount = 0;
    this.#uncompressed = 0;
    this.#compressed = 0;
    this.#earlierNulls = this.#nullCount;
    this.#rowLevels = 0;
    this.#rowUsed = 0;
    this.chunkBegins();
    return chunk;
  }

  #endChunk(): ColumnChunk {
    if (this.#levels > 0 || this.#pages.length === 0) this.#closePage();
    const dictionaryBytes = this.#addDictionaryPage();
    return {
      pages: this.#pages,
      valueCount: this.#valueCount,
      nullCount: this.#nullCount - this.#earlierNulls,
      uncompressedBytes: this.#uncompressed,
      compressedBytes: this.#compressed,
      encodings: [...this.#encodings],
      dictionaryBytes,
      bounds: this.plainBounds(),
    };
  }

  /** Called between two chunks. */
  protected chunkBegins(): void {}

  /** Bounds of the non-null values of this chunk and those before, PLAIN-encoded; null when unknown. */
  protected abstract plainBounds(): { min: Uint8Array; max: Uint8Array } | null;

  /** The values of the open page as they are to be written. */
  protected encodedValues(): EncodedValues {
    return { encoding: ENCODING.plain, bytes: this.page.subarray(0, this.used) };
  }

  /** PLAIN-encoded values that pages refer to; null where none does. Called once, after the last page. */
  protected takeDictionary(): { readonly entries: number; readonly bytes: Uint8Array } | null {
    return null;
  }

  /** Puts the open page's values in another form; `rowUsed` is where the row begun last begins in it. */
  protected replacePage(page: Buffer<ArrayBuffer>, used: number, rowUsed: number): void {
    giveBack(this.page);
    this.page = page;
    this.used = used;
    this.#rowUsed = rowUsed;
    this.pageMoved();
  }

  /** Bytes of the open page in front of the row begun last. */
  protected get rowUsed(): number {
    return this.#rowUsed;
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
      const grown = takeBuffer(Math.max(FIRST_BYTES, levels.length * 2));
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
      parts.push(
        this.#present
          ? encodeConstantLevels(this.#levels, this.leaf.maxDefinition)
          : encodeLevels(this.#definitions, this.#levels, this.leaf.maxDefinition),
      );
    const { encoding, bytes } = this.encodedValues();
    parts.push(bytes);
    const plain = takeBuffer(parts.reduce((sum, part) => sum + part.length, 1));
    let plainBytes = 0;
    for (const part of parts) {
      plain.set(part, plainBytes);
      plainBytes += part.length;
    }
    const packed = this.#compress(plain.subarray(0, plainBytes));
    giveBack(plain);
    const header = dataPageHeader(plainBytes, packed.length, this.#levels, encoding);
    this.#pages.push(header, packed);
    this.#encodings.add(encoding);
    this.#count(header.length, plainBytes, packed);
    this.#valueCount += this.#levels;
    this.#levels = 0;
    this.#present = this.#flat;
    this.used = 0;
  }

  /** Returns its bytes in the file. */
  #addDictionaryPage(): number {
    const dictionary = this.takeDictionary();
    if (dictionary === null) return 0;
    const { entries, bytes } = dictionary;
    const packed = this.#compress(bytes);
    const header = dictionaryPageHeader(bytes.length, packed.length, entries);
    this.#pages.unshift(header, packed);
    this.#encodings.add(ENCODING.plain);
    this.#count(header.length, bytes.length, packed);
    return header.length + packed.length;
  }

  #count(headerBytes: number, plainBytes: number, packed: Uint8Array): void {
    this.#uncompressed += headerBytes + plainBytes;
    this.#compressed += headerBytes + packed.length;
    this.#closedBytes += packed.byteLength;
  }
}

export const physicalNumber = (leaf: LeafPath): number => PHYSICAL[leaf.node.physical];
