import { compressZstd } from './zstd.ts';

const FAST = 1;
const THOROUGH = 3;
/** Smaller pages cost nothing to speak of at any level. */
const SAMPLED_BYTES = 16 << 10;
/** Pages between two samples: what a column holds may change. */
const SAMPLE_EVERY = 64;
/** What the slower level has to save to be worth its time. */
const WORTH = 0.95;
/** What a result may be larger than the last one's ratio says without taking another chunk of memory. */
const SLACK = 1.15;

/**
 * zstd at the level that a column's own pages call for: hashes and other noise get no smaller for five times the CPU, texts
 * do. One page in 64 is compressed at both levels and decides for those that follow.
 */
export class AdaptiveZstd {
  #level = THOROUGH;
  #pages = 0;
  /** Of what came last: size of the result over that of the page. */
  #ratio = 1;

  readonly compress = (bytes: Uint8Array): Uint8Array => {
    const packed = this.#compress(bytes);
    this.#ratio = packed.length / bytes.length;
    return packed;
  };

  #compress(bytes: Uint8Array): Uint8Array {
    if (bytes.length < SAMPLED_BYTES) return this.#packed(bytes, THOROUGH);
    if (this.#pages++ % SAMPLE_EVERY !== 0) return this.#packed(bytes, this.#level);
    const fast = this.#packed(bytes, FAST);
    const thorough = this.#packed(bytes, THOROUGH);
    this.#level = thorough.length < fast.length * WORTH ? THOROUGH : FAST;
    return thorough.length < fast.length ? thorough : fast;
  }

  #packed(bytes: Uint8Array, level: number): Uint8Array {
    return compressZstd(bytes, level, Math.ceil(bytes.length * this.#ratio * SLACK));
  }
}

/** The choices of a table's columns, kept from file to file. */
export class ColumnCompression {
  readonly #columns = new Map<string, AdaptiveZstd>();

  /** @param path of the column in the file */
  of(path: readonly string[]): (bytes: Uint8Array) => Uint8Array {
    const name = path.join('\0');
    let column = this.#columns.get(name);
    if (column === undefined) this.#columns.set(name, (column = new AdaptiveZstd()));
    return column.compress;
  }
}
