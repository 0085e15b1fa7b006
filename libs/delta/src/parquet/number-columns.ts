import { packInt32, packInt64 } from './delta-binary-packed.ts';
import { LeafColumn, type EncodedValues, type PageCompressor } from './leaf-column.ts';
import { ENCODING } from './page-format.ts';
import type { LeafPath } from './parquet-schema.ts';

/** INT32: int16, int32, date, decimals of up to 9 digits. */
export class Int32Column extends LeafColumn {
  #view: Int32Array = new Int32Array(this.page.buffer);
  min = 0x7fffffff;
  max = -0x80000000;

  append(value: number): void {
    if (this.used === this.page.length) this.reserve(4);
    this.#view[this.used >> 2] = value;
    this.used += 4;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  protected override encodedValues(): EncodedValues {
    const bytes = packInt32(this.#view, this.used >> 2);
    return bytes === null ? super.encodedValues() : { encoding: ENCODING.deltaBinaryPacked, bytes };
  }

  protected override pageMoved(): void {
    this.#view = new Int32Array(this.page.buffer);
  }

  protected override plainBounds(): { min: Uint8Array; max: Uint8Array } | null {
    return this.min > this.max ? null : { min: plainInt32(this.min), max: plainInt32(this.max) };
  }
}

/** INT64 in two halves, so that no BigInt is made per value: int64, timestamps, decimals of up to 18 digits. */
export class Int64Column extends LeafColumn {
  #view: Int32Array = new Int32Array(this.page.buffer);
  #minHi = 0x7fffffff;
  #minLo = 0xffffffff;
  #maxHi = -0x80000000;
  #maxLo = 0;
  #empty = true;

  /** @param hi signed upper half @param lo unsigned lower half */
  append(hi: number, lo: number): void {
    if (this.used === this.page.length) this.reserve(8);
    const at = this.used >> 2;
    this.#view[at] = lo;
    this.#view[at + 1] = hi;
    this.used += 8;
    this.#empty = false;
    if (hi < this.#minHi || (hi === this.#minHi && lo < this.#minLo)) {
      this.#minHi = hi;
      this.#minLo = lo;
    }
    if (hi > this.#maxHi || (hi === this.#maxHi && lo > this.#maxLo)) {
      this.#maxHi = hi;
      this.#maxLo = lo;
    }
  }

  /** For callers off the hot path. */
  appendBigInt(value: bigint): void {
    this.append(Number(BigInt.asIntN(32, value >> 32n)), Number(value & 0xffffffffn));
  }

  protected override encodedValues(): EncodedValues {
    const bytes = packInt64(this.#view, this.used >> 3);
    return bytes === null ? super.encodedValues() : { encoding: ENCODING.deltaBinaryPacked, bytes };
  }

  get bounds(): { min: bigint; max: bigint } | null {
    if (this.#empty) return null;
    return { min: joined(this.#minHi, this.#minLo), max: joined(this.#maxHi, this.#maxLo) };
  }

  protected override pageMoved(): void {
    this.#view = new Int32Array(this.page.buffer);
  }

  protected override plainBounds(): { min: Uint8Array; max: Uint8Array } | null {
    const bounds = this.bounds;
    return bounds === null ? null : { min: plainInt64(bounds.min), max: plainInt64(bounds.max) };
  }
}

/** FLOAT or DOUBLE. A NaN leaves the column without bounds: readers order NaN differently. */
export class FloatColumn extends LeafColumn {
  readonly #double: boolean;
  #min = Infinity;
  #max = -Infinity;
  #sawNaN = false;

  constructor(leaf: LeafPath, compress: PageCompressor) {
    super(leaf, compress);
    this.#double = leaf.node.physical === 'double';
  }

  append(value: number): void {
    this.reserve(8);
    if (this.#double) this.used = this.page.writeDoubleLE(value, this.used);
    else this.used = this.page.writeFloatLE(value, this.used);
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value !== value) this.#sawNaN = true;
  }

  get bounds(): { min: number; max: number } | null {
    return this.#sawNaN || this.#min > this.#max ? null : { min: this.#min, max: this.#max };
  }

  protected override plainBounds(): { min: Uint8Array; max: Uint8Array } | null {
    const bounds = this.bounds;
    if (bounds === null) return null;
    // Zero has two signs: the spec asks for -0 as a minimum and +0 as a maximum.
    return {
      min: this.#plain(bounds.min === 0 ? -0 : bounds.min),
      max: this.#plain(bounds.max === 0 ? 0 : bounds.max),
    };
  }

  #plain(value: number): Uint8Array {
    const bytes = Buffer.alloc(this.#double ? 8 : 4);
    if (this.#double) bytes.writeDoubleLE(value);
    else bytes.writeFloatLE(value);
    return bytes;
  }
}

/** BOOLEAN: one byte per value while open, one bit in the page. */
export class BooleanColumn extends LeafColumn {
  append(value: boolean): void {
    this.reserve(1);
    this.page[this.used++] = value ? 1 : 0;
  }

  protected override encodedValues(): EncodedValues {
    const bits = new Uint8Array(Math.ceil(this.used / 8));
    for (let i = 0; i < this.used; i++) {
      const byte = i >> 3;
      bits[byte] = (bits[byte] as number) | ((this.page[i] as number) << (i & 7));
    }
    return { encoding: ENCODING.plain, bytes: bits };
  }

  protected override plainBounds(): null {
    return null;
  }
}

function joined(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}

function plainInt32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function plainInt64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}
