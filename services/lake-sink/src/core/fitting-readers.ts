import type { EnvelopeReader } from '@hasivu/change-events';
import type { PlaceHalves } from './change-position.ts';
import { isNoneBefore } from './first-places.ts';

/** Whether changes at a place may have columns that are called otherwise now. */
export interface ColumnsAge {
  isBeforeColumns(lsn: bigint, seq: number): boolean;
}

/**
 * Readers of events whose columns the tables have. Asked for with each event. Each stands with the places of the first
 * changes known with its columns: a change before one of them has to be recorded in the tables first.
 */
export class FittingReaders {
  readonly #readers = new Map<EnvelopeReader, readonly PlaceHalves[]>();
  /** Of changes that come before those that the tables' columns are of. */
  readonly #before = new Map<EnvelopeReader, readonly PlaceHalves[]>();

  /** Whether the tables have what the reader has just read. */
  has(reader: EnvelopeReader, tables: ColumnsAge): boolean {
    const first = this.#readers.get(reader);
    if (first !== undefined) return isNoneBefore(reader, first);
    const firstBefore = this.#before.get(reader);
    if (firstBefore === undefined || !isNoneBefore(reader, firstBefore)) return false;
    return tables.isBeforeColumns(reader.commitLsn, reader.seq);
  }

  /** @param first places of the first changes known with its columns */
  add(reader: EnvelopeReader, tables: ColumnsAge, first: readonly PlaceHalves[]): void {
    const isBefore = tables.isBeforeColumns(reader.commitLsn, reader.seq);
    (isBefore ? this.#before : this.#readers).set(reader, first);
  }

  /** They hold on to the fetched bytes that they read last. */
  release(): void {
    for (const readers of [this.#readers, this.#before])
      for (const reader of readers.keys()) reader.release();
  }

  clear(): void {
    this.#readers.clear();
    this.#before.clear();
  }
}
