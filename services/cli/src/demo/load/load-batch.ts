import type { JsonRow } from './order-rows.ts';

/** What one transaction of the load does. Everything in it is decided before it runs. */
export interface LoadBatch {
  readonly orders: readonly JsonRow[];
  readonly lines: readonly JsonRow[];
  readonly payments: readonly JsonRow[];
  readonly kitchenEvents: readonly JsonRow[];
  /** {id, status, updated_at} */
  readonly statusMoves: readonly JsonRow[];
  /** {id, wallet_balance: amount to add, updated_at} */
  readonly walletMoves: readonly JsonRow[];
  /** {id, price, available, updated_at} */
  readonly priceMoves: readonly JsonRow[];
  /** {order_id, line_no}: lines that get a new number, so a new primary key. */
  readonly renumberedLines: readonly JsonRow[];
  /** Orders deleted with their lines and payments. */
  readonly deletedOrderIds: readonly string[];
}

export interface LoadStatement {
  readonly sql: string;
  readonly rows: (batch: LoadBatch) => readonly unknown[];
}

/** One multi-row statement for each part of a batch; `$1` is its rows as JSON. Run in this order, parents first. */
export const LOAD_STATEMENTS: readonly LoadStatement[] = [
  {
    // An order belongs to the school of its student; only one without a student brings its own.
    sql: `INSERT INTO orders SELECT r.id, coalesce(s.school_id, r.school_id), r.student_id, r.vendor_id, r.status, r.pickup_code, r.contact_email, r.contact_phone, r.subtotal, r.discount, r.tax,
      r.total, r.currency, r.tags, r.meta, r.serve_on, r.pickup_at, r.placed_at, r.placed_at_local, r.updated_at FROM json_populate_recordset(NULL::orders, $1) r LEFT JOIN students s ON s.id = r.student_id`,
    rows: (batch) => batch.orders,
  },
  {
    sql: 'INSERT INTO order_lines SELECT (r).* FROM json_populate_recordset(NULL::order_lines, $1) r',
    rows: (batch) => batch.lines,
  },
  {
    sql: 'INSERT INTO payments SELECT (r).* FROM json_populate_recordset(NULL::payments, $1) r',
    rows: (batch) => batch.payments,
  },
  {
    sql: 'INSERT INTO kitchen_events SELECT (r).* FROM json_populate_recordset(NULL::kitchen_events, $1) r',
    rows: (batch) => batch.kitchenEvents,
  },
  {
    sql: 'UPDATE orders o SET status = r.status, updated_at = r.updated_at FROM json_populate_recordset(NULL::orders, $1) r WHERE o.id = r.id',
    rows: (batch) => batch.statusMoves,
  },
  {
    sql: 'UPDATE students s SET wallet_balance = s.wallet_balance + r.wallet_balance, updated_at = r.updated_at FROM json_populate_recordset(NULL::students, $1) r WHERE s.id = r.id',
    rows: (batch) => batch.walletMoves,
  },
  {
    sql: 'UPDATE menu_items m SET price = r.price, available = r.available, updated_at = r.updated_at FROM json_populate_recordset(NULL::menu_items, $1) r WHERE m.id = r.id',
    rows: (batch) => batch.priceMoves,
  },
  {
    sql: 'UPDATE order_lines l SET line_no = l.line_no + 100 FROM json_populate_recordset(NULL::order_lines, $1) r WHERE l.order_id = r.order_id AND l.line_no = r.line_no',
    rows: (batch) => batch.renumberedLines,
  },
  {
    sql: `WITH gone AS (SELECT value::bigint AS id FROM json_array_elements_text($1)), lines AS (DELETE FROM order_lines USING gone WHERE order_id = gone.id), paid AS (DELETE FROM payments USING gone WHERE order_id = gone.id)
      DELETE FROM orders USING gone WHERE orders.id = gone.id`,
    rows: (batch) => batch.deletedOrderIds,
  },
];
