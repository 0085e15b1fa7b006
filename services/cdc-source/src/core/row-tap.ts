import type { TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';

/**
 * Looks at the rows of one table as they pass: a signal table, an outbox, a table whose snapshot window is open. A table
 * without one ({@link CapturedTable.tap} is null) pays nothing. Called in the middle of the hot path: it must not wait,
 * and the spans are only valid during the call.
 */
export interface RowTap {
  /**
   * @param op character code: c, u, d or t (a truncate has neither row)
   * @param buf where the spans point to
   * @param before the old row as far as the log has it: all of it, the replica identity's columns, or null
   * @param seq number of the change's (last) event in its transaction, or -1 when Kafka has that event already
   * @returns true when the change is dealt with: no ordinary event is written. Its numbers are taken either way, so that
   *   positions do not depend on what taps there are.
   */
  row(
    op: number,
    table: CapturedTable,
    buf: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
    seq: number,
  ): boolean;
}
