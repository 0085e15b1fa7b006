import { binaryColumnOf, type DeclaredColumn, type TypeLookup } from '@hasivu/pgoutput';

import type { TableName } from './publication.ts';
import { quoteIdentifier, quoteTable } from './sql-quote.ts';
import type { CatalogColumn } from './table-catalog.ts';

/**
 * Built-in types whose cast to text is their output function (or, for bool, a form the encoder also reads). For others
 * the cast can differ from what the stream sends: `character(n)` loses its padding, `inet` gains a netmask.
 */
const CAST_IS_OUTPUT: ReadonlySet<string> = new Set([
  'bool',
  'int2',
  'int4',
  'int8',
  'oid',
  'float4',
  'float8',
  'numeric',
  'text',
  'varchar',
  'bytea',
  'json',
  'jsonb',
  'uuid',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
]);

/** Which columns a copy takes in binary (1); the others, whose binary form is not known here, are cast to text (0). */
export function copyFormats(columns: readonly DeclaredColumn[], lookup: TypeLookup): Uint8Array {
  return Uint8Array.from(columns, (column) => (binaryColumnOf(column, lookup) ? 1 : 0));
}

/** Which of a table's rows to copy. */
export interface CopyScope {
  /** Without the rows of tables that inherit from it. */
  readonly only?: boolean;
  /** SQL that every row has to fulfil, besides the row filter. */
  readonly conditions?: readonly string[];
}

/**
 * The query that yields exactly what the replication stream would send for these columns: binary where `formats` has a
 * 1, text elsewhere.
 */
export function copyQuery(
  table: TableName,
  columns: readonly Pick<CatalogColumn, 'name' | 'typeOid'>[],
  rowFilter: string | null,
  lookup: TypeLookup,
  formats: Uint8Array,
  scope: CopyScope = {},
): string {
  const list = columns
    .map((column, i) => (formats[i] === 1 ? quoteIdentifier(column.name) : textExpression(column, lookup)))
    .join(', ');
  const all = [...(scope.conditions ?? []), ...(rowFilter === null ? [] : [`(${rowFilter})`])];
  const where = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`;
  return `SELECT ${list} FROM ${scope.only ? 'ONLY ' : ''}${quoteTable(table)}${where}`;
}

function textExpression(column: Pick<CatalogColumn, 'name' | 'typeOid'>, lookup: TypeLookup): string {
  const name = quoteIdentifier(column.name);
  const type = lookup(column.typeOid);
  if (type?.schema === 'pg_catalog' && CAST_IS_OUTPUT.has(type.name)) return `${name}::text`;
  // format() prints through the type's output function; IS NOT DISTINCT FROM, because IS NULL is true of a row of nulls.
  return `CASE WHEN ${name} IS NOT DISTINCT FROM NULL THEN NULL ELSE format('%s', ${name}) END`;
}
