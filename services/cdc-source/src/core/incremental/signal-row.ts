import type { TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from '../captured-table.ts';
import { OP } from '../operation.ts';
import type { RowTap } from '../row-tap.ts';
import { columnText } from './key-text.ts';
import { MAX_SIGNAL_BYTES } from './signal.ts';

export type TakeSignal = (id: string, type: string, data: string | null) => void;

/** Reads the rows that are inserted into the signal table: its first three columns, whatever they are called. */
export class SignalRows implements RowTap {
  readonly #take: TakeSignal;
  readonly #isCaptured: boolean;

  /** @param isCaptured whether the rows are events as well */
  constructor(take: TakeSignal, isCaptured: boolean) {
    this.#take = take;
    this.#isCaptured = isCaptured;
  }

  row(
    op: number,
    table: CapturedTable,
    buf: Buffer,
    _before: TupleSpans | null,
    after: TupleSpans | null,
    seq: number,
  ): boolean {
    if (op === OP.create && after !== null && seq >= 0) {
      const [id, type, data] = [0, 1, 2].map((column) =>
        column < after.columns ? columnText(table, column, buf, after, MAX_SIGNAL_BYTES) : null,
      );
      this.#take(id ?? '', type ?? '', data ?? null);
    }
    return !this.#isCaptured;
  }
}
