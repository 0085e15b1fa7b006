import type { ChangePosition } from '../change-position.ts';
import type { HistoryLayout } from './history-layout.ts';
import { before, FIRST_PLACE, keyColumns, notAfter, samePlace } from './history-relations.ts';
import { sameKey } from '../order-sql.ts';

// Relations of one merge. `__lsn`, `__seq` are a position; `__f`, `__r` say in which file and row the values stand.
//   hist_change    changes of the batch, each once        hist_truncate  its TRUNCATEs
//   hist_open      open versions of the touched keys      hist_rewind    keys to be told anew, and from where

/** `hist_change` and `hist_truncate`. */
export function batchSql(layout: HistoryLayout, batch: string): string[] {
  const key = keyColumns(layout);
  return [
    `CREATE OR REPLACE TEMP TABLE hist_change AS SELECT ${key}, _lsn AS __lsn, _seq AS __seq, _op = 'd' AS __gone, ` +
      `_committed_at AS __at, __file AS __f, __row AS __r FROM ${batch} b WHERE _op IN ('c', 'r', 'u', 'd') ` +
      `QUALIFY row_number() OVER (PARTITION BY ${key}, _lsn, _seq ORDER BY _offset) = 1`,
    `CREATE OR REPLACE TEMP TABLE hist_truncate AS SELECT _lsn AS __lsn, _seq AS __seq, max(_committed_at) AS __at ` +
      `FROM ${batch} b WHERE _op = 't' GROUP BY ALL`,
  ];
}

/** Paths of open files that the batch concerns; every one after a TRUNCATE. */
export function touchedOpenFilesSql(layout: HistoryLayout, open: string): string {
  return `SELECT DISTINCT e.__file FROM ${open} e WHERE ${inBatch(layout, 'e')}`;
}

/** @param truncatedAt the last TRUNCATE of the batch, which ends versions of keys that it does not name */
export function openVersionsSql(
  layout: HistoryLayout,
  open: string,
  truncatedAt: ChangePosition | null,
): string {
  const ended =
    truncatedAt === null
      ? ''
      : ` OR (e._from_lsn, e._from_seq) < (${truncatedAt.lsn}::BIGINT, ${truncatedAt.seq}::BIGINT)`;
  return `CREATE OR REPLACE TEMP TABLE hist_open AS ${openVersions(layout, open)} WHERE ${inBatch(layout, 'e')}${ended}`;
}

function openVersions(layout: HistoryLayout, open: string): string {
  return (
    `SELECT ${keyColumns(layout, 'e.')}, e._from_lsn AS __from_lsn, e._from_seq AS __from_seq, e._valid_from AS __from_at, ` +
    `e._lsn AS __lsn, e._seq AS __seq, __file AS __f, __row AS __r FROM ${open} e`
  );
}

/** Changes that an open version begins or ends with are known: they came again. */
export function dropKnownChangesSql(layout: HistoryLayout): string {
  return (
    `DELETE FROM hist_change AS c USING hist_open o WHERE ${sameKey(layout.shape.key, 'c', 'o')} ` +
    `AND (${samePlace('c.__', 'o.__')} OR ${samePlace('c.__', 'o.__from_')})`
  );
}

/**
 * Keys whose changes come before what their open version holds already, and open versions that a TRUNCATE splits. Their
 * versions are told anew from the change log, from the beginning of the version that the first of these changes falls
 * into: nothing before it can differ.
 */
export function lateKeysSql(layout: HistoryLayout): string[] {
  const { key } = layout.shape;
  return [
    `CREATE OR REPLACE TEMP TABLE hist_first AS SELECT ${keyColumns(layout)}, ${FIRST_PLACE} ` +
      `FROM hist_change GROUP BY ${keyColumns(layout)}`,
    `CREATE OR REPLACE TEMP TABLE hist_late AS SELECT ${keyColumns(layout, 'f.')}, ` +
      `CASE WHEN ${before('f.__', 'o.__from_')} THEN f.__lsn ELSE o.__from_lsn END AS __lsn, ` +
      `CASE WHEN ${before('f.__', 'o.__from_')} THEN f.__seq ELSE o.__from_seq END AS __seq ` +
      `FROM hist_first f JOIN hist_open o ON ${sameKey(key, 'f', 'o')} WHERE ${notAfter('f.__', 'o.__')} ` +
      `UNION ALL SELECT ${keyColumns(layout, 'o.')}, o.__from_lsn, o.__from_seq FROM hist_open o WHERE EXISTS ` +
      `(SELECT 1 FROM hist_truncate t WHERE ${before('o.__from_', 't.__')} AND ${before('t.__', 'o.__')})`,
  ];
}

/**
 * Keys without an open version whose changes are not after everything that the table has seen: they may have been
 * deleted later already, of which no open version tells.
 */
export function suspectKeysSql(layout: HistoryLayout, seen: ChangePosition): string {
  return (
    `CREATE OR REPLACE TEMP TABLE hist_suspect AS SELECT f.* FROM hist_first f ` +
    `WHERE (f.__lsn, f.__seq) <= (${seen.lsn}::BIGINT, ${seen.seq}::BIGINT) ` +
    `AND NOT EXISTS (SELECT 1 FROM hist_open o WHERE ${sameKey(layout.shape.key, 'o', 'f')})`
  );
}

/** Adds the suspects that a later DELETE or TRUNCATE ended. @param log what the table had before this batch */
export function deletedLaterSql(layout: HistoryLayout, log: string): string[] {
  const { key } = layout.shape;
  return [
    `CREATE OR REPLACE TEMP TABLE hist_death AS SELECT _op AS __op, ${keyColumns(layout, 'x.')}, _lsn AS __lsn, _seq AS __seq ` +
      `FROM ${log} x WHERE _op = 't' OR (_op = 'd' AND EXISTS (SELECT 1 FROM hist_suspect s WHERE ${sameKey(key, 's', 'x')}))`,
    `INSERT INTO hist_late SELECT ${keyColumns(layout, 's.')}, s.__lsn, s.__seq FROM hist_suspect s WHERE EXISTS ` +
      `(SELECT 1 FROM hist_death d WHERE ${before('s.__', 'd.__')} AND (d.__op = 't' OR ${sameKey(key, 'd', 's')}))`,
  ];
}

/** Adds keys of closed versions that a TRUNCATE of the batch splits, and the open versions that came after. */
export function splitClosedSql(layout: HistoryLayout, closed: string, open: string): string[] {
  const { key } = layout.shape;
  return [
    `INSERT INTO hist_late SELECT ${keyColumns(layout, 'z.')}, z._from_lsn, z._from_seq FROM ${closed} z WHERE EXISTS ` +
      `(SELECT 1 FROM hist_truncate t WHERE ${before('z._from_', 't.__')} AND ${before('t.__', 'z._to_')})`,
    `INSERT INTO hist_open ${openVersions(layout, open)} WHERE EXISTS (SELECT 1 FROM hist_late l WHERE ${sameKey(key, 'l', 'e')}) ` +
      `AND NOT EXISTS (SELECT 1 FROM hist_open o WHERE ${sameKey(key, 'o', 'e')})`,
  ];
}

export function rewindSql(layout: HistoryLayout): string {
  const key = keyColumns(layout);
  return (
    `CREATE OR REPLACE TEMP TABLE hist_rewind AS SELECT ${key}, ${FIRST_PLACE} ` +
    `FROM hist_late GROUP BY ${key}`
  );
}

/** A change that falls into a closed version: that version is told anew from its beginning. */
export function rewindIntoClosedSql(layout: HistoryLayout, closed: string): string {
  return (
    `UPDATE hist_rewind AS w SET __lsn = z._from_lsn, __seq = z._from_seq FROM ${closed} z ` +
    `WHERE ${sameKey(layout.shape.key, 'z', 'w')} AND ${notAfter('z._from_', 'w.__')} AND ${before('w.__', 'z._to_')}`
  );
}

function inBatch(layout: HistoryLayout, alias: string): string {
  return `EXISTS (SELECT 1 FROM hist_change c WHERE ${sameKey(layout.shape.key, 'c', alias)})`;
}
