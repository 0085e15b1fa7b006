import { quoteLiteral } from '@hasivu/postgres';

/** Schemas are published since. */
const SCHEMAS_PUBLISHED_SINCE = 150_000;

/**
 * A text that is another one once anything has changed by which a table is described. It reads rows of the catalog only:
 * functions that print columns and conditions take a lock of the table, and would wait for whoever waits for ours.
 */
export function tableStampSql(oid: number, publication: string, serverVersion: number): string {
  const published = `SELECT oid FROM pg_publication WHERE pubname = ${quoteLiteral(publication)}`;
  const versions = (from: string): string =>
    `(SELECT string_agg(tableoid::text || ' ' || ctid::text || ' ' || xmin::text, ',' ORDER BY ctid) FROM ${from})`;
  const parts = [
    versions(`pg_class WHERE oid = ${oid}`),
    versions(`pg_attribute WHERE attrelid = ${oid}`),
    versions(`pg_index WHERE indrelid = ${oid}`),
    versions(`pg_inherits WHERE inhrelid = ${oid}`),
    versions(`pg_publication WHERE oid IN (${published})`),
    versions(`pg_publication_rel WHERE prpubid IN (${published})`),
    ...(serverVersion < SCHEMAS_PUBLISHED_SINCE
      ? []
      : [versions(`pg_publication_namespace WHERE pnpubid IN (${published})`)]),
  ];
  return `md5(concat_ws('|', ${parts.join(', ')}))`;
}
