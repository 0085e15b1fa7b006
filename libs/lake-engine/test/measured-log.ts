import { field } from '@hasivu/delta';

/** Columns of a change log that is measured. */
export const LOG_FIELDS = [
  field('id', 'long'),
  field('tenant_id', 'integer'),
  field('status', 'string'),
  field('email', 'string'),
  field('total', 'decimal(12,2)'),
  field('created_at', 'timestamp'),
  field('_op', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_txid', 'long'),
  field('_committed_at', 'timestamp'),
  field('_offset', 'long'),
];

/** SQL of the rows from number `from` up to, not including, `to`: in the order of their positions, as compaction leaves a log. */
export function logRows(from: number, to: number): string {
  return `SELECT (i * 7919 % 10000019)::BIGINT AS id, (hash(i) % 500)::INTEGER AS tenant_id, ['placed', 'cooking', 'ready'][1 + i % 3] AS status, md5(i::VARCHAR) AS email,
  ((hash(i, 1) % 100000) / 100)::DECIMAL(12,2) AS total, to_timestamp(1780000000 + i // 10) AS created_at, 'c' AS _op, (i // 100)::BIGINT AS _lsn, (i % 100)::BIGINT AS _seq,
  (i // 100)::BIGINT AS _txid, to_timestamp(1780000000 + i // 10) AS _committed_at, i::BIGINT AS _offset FROM range(${from}, ${to}) r(i)`;
}
