import type { DeltaStruct } from '@hasivu/delta';
import { duckdbType, quoteName, quoteText } from './duckdb-type.ts';
import { unmarkedRows } from './marked-rows.ts';

export interface LakeViewFacts {
  readonly schema: DeltaStruct;
  readonly partitionColumns: readonly string[];
  /** Local copies, in hive-style folders that hold the partition values. */
  readonly paths: readonly string[];
  /** Columns that at least one file or partition folder has; the others are null in every row. */
  readonly present: ReadonlySet<string>;
  /** Deletion vectors take rows out of some of the files. */
  readonly marked: boolean;
}

/** `SELECT` over the files with exactly the table's columns, in its order and with its types. */
export function lakeSelect({ schema, partitionColumns, paths, present, marked }: LakeViewFacts): string {
  const columns = castColumns(schema, paths.length > 0 ? present : new Set());
  const files = readParquet(paths, partitionColumns, schema);
  const from = marked ? unmarkedRows(numberedRows(files)) : files;
  return `SELECT ${columns.join(', ')}${paths.length > 0 ? ` FROM ${from}` : ' WHERE false'}`;
}

/** The table's columns with its types, null where no file has them. */
export function castColumns(schema: DeltaStruct, present: ReadonlySet<string>): string[] {
  return schema.fields.map((field) => {
    const type = duckdbType(field.type);
    return `CAST(${present.has(field.name) ? quoteName(field.name) : 'NULL'} AS ${type}) AS ${quoteName(field.name)}`;
  });
}

/** `read_parquet(…)` over the files; older files lack columns that were added later. */
export function readParquet(
  paths: readonly string[],
  partitionColumns: readonly string[],
  schema: DeltaStruct,
): string {
  const files = paths.map(quoteText).join(', ');
  if (partitionColumns.length === 0)
    return `read_parquet([${files}], union_by_name = true, hive_partitioning = false)`;
  // Without types DuckDB would guess them from the folder names: a school code of digits would lose its leading zeros.
  const types = partitionColumns.map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name);
    return `${quoteName(name)}: ${duckdbType(field?.type ?? 'string')}`;
  });
  return `read_parquet([${files}], union_by_name = true, hive_partitioning = true, hive_types = {${types.join(', ')}})`;
}

/** The same relation with the place of each row. */
export function numberedRows(files: string): string {
  const numbered = files.replace(/\)$/, ", filename = '__file', file_row_number = true)");
  return `(SELECT * RENAME (file_row_number AS __row) FROM ${numbered})`;
}
