/**
 * Table of the files whose rows are marked deleted: a local path, and one bit per row of the file. Bits, because a row
 * each would take the engine's memory for a file of which a fifth is marked.
 */
export const MARKED_ROWS = 'marked_rows';

export const CREATE_MARKED_ROWS = `CREATE OR REPLACE TEMP TABLE ${MARKED_ROWS} (__file VARCHAR, __bits BIT)`;

/** Parameters: the local path, the bits as a BLOB. */
export const ADD_MARKED_ROWS = `INSERT INTO ${MARKED_ROWS} SELECT $1::VARCHAR, CAST($2::BLOB AS BIT)`;

/** Whether the row of `rows`, joined with `d` of its file, is marked. */
export function isMarked(rows: string): string {
  return `get_bit(d.__bits, CAST(${rows}.__row AS INTEGER)) = 1`;
}

/** The relation without its marked rows. */
export function unmarkedRows(relation: string): string {
  return `(SELECT r.* FROM ${relation} r LEFT JOIN ${MARKED_ROWS} d ON d.__file = r.__file WHERE d.__bits IS NULL OR NOT (${isMarked('r')}))`;
}
