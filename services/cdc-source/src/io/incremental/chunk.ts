import type { CatalogTable, KeyText, PublishedTable } from '@hasivu/postgres';

import type { ChunkScope } from '../../core/incremental/chunk-plan.ts';
import type { ServerSnapshot } from '../../core/incremental/server-snapshot.ts';

/** Rows of one table as one snapshot sees them, as the server sent them. */
export interface Chunk {
  readonly snapshot: ServerSnapshot;
  /** The table while it was locked. */
  readonly catalog: CatalogTable;
  readonly published: PublishedTable;
  /** Fingerprint of columns, key and row filter. */
  readonly shape: string;
  readonly scope: ChunkScope;
  /** Last key of the chunk; null where the table ends in it. */
  readonly last: KeyText | null;
  /** Rows of the table that were passed, as far as that is known. */
  readonly passed: number;
  /** By column: 1 for one that comes in binary, 0 for text. */
  readonly formats: Uint8Array;
  readonly rows: ChunkRows;
}

/** What came of reading a chunk. */
export type ChunkResult =
  | { readonly kind: 'read'; readonly chunk: Chunk }
  /** Other columns or another key than the chunks before had. */
  | { readonly kind: 'reshaped' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Rows of a binary copy, kept one behind the other. */
export class ChunkRows {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #bytes = 0;
  readonly #ends: number[] = [];

  append(buf: Buffer, start: number, end: number): void {
    const needed = this.#bytes + end - start;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#bytes);
      this.#buffer = grown;
    }
    buf.copy(this.#buffer, this.#bytes, start, end);
    this.#bytes = needed;
    this.#ends.push(needed);
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  get count(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  start(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] as number);
  }

  end(row: number): number {
    return this.#ends[row] as number;
  }
}
