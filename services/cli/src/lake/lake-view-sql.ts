import { columnId, type ColumnMapping, type DeltaField, type DeltaStruct } from '@hasivu/delta';
import { engineType, identifier, namedParts, text } from '@hasivu/lake-engine';
import { unmarkedRows } from './marked-rows.ts';

/** The table as of the version that is read: its columns, and how its files name them. */
export interface ViewedTable {
  readonly schema: DeltaStruct;
  readonly partitionColumns: readonly string[];
  readonly columns: ColumnMapping;
}

export interface LakeViewFacts extends ViewedTable {
  /** Local copies, in hive-style folders that hold the partition values. */
  readonly paths: readonly string[];
  /** Columns that at least one file or partition folder has, as these name them; the others are null in every row. */
  readonly present: ReadonlySet<string>;
  /** Deletion vectors take rows out of some of the files. */
  readonly marked: boolean;
}

/** `SELECT` over the files with exactly the table's columns, in its order and with its types. */
export function lakeSelect({ paths, present, marked, ...table }: LakeViewFacts): string {
  const columns = castColumns(table, paths.length > 0 ? present : new Set());
  const files = readParquet(paths, table);
  const from = marked ? unmarkedRows(numberedRows(files)) : files;
  return `SELECT ${columns.join(', ')}${paths.length > 0 ? ` FROM ${from}` : ' WHERE false'}`;
}

/** The table's columns with its types, null where no file has them. @param present names as files have them */
export function castColumns(
  { schema: { fields }, columns }: Pick<ViewedTable, 'schema' | 'columns'>,
  present: ReadonlySet<string>,
): string[] {
  const stored = columns.storedFields(fields);
  return fields.map((field, at) => {
    const { name, type } = stored[at] as DeltaField;
    const value = present.has(name) ? identifier(name) : 'NULL';
    const typed = namedParts(`CAST(${value} AS ${engineType(type)})`, type, field.type);
    return `${typed} AS ${identifier(field.name)}`;
  });
}

/** `read_parquet(…)` over the files; older files lack columns that were added later. */
export function readParquet(
  paths: readonly string[],
  { schema, partitionColumns, columns }: ViewedTable,
): string {
  const files = paths.map(text).join(', ');
  const outside = new Set(partitionColumns.map((name) => columns.storedName(name)));
  const stored = columns.storedFields(schema.fields);
  const how =
    columns.mode === 'id' ? byIds(stored.filter(({ name }) => !outside.has(name))) : 'union_by_name = true';
  if (outside.size === 0) return `read_parquet([${files}], ${how}, hive_partitioning = false)`;
  // Without types DuckDB would guess them from the folder names: a school code of digits would lose its leading zeros.
  const types = stored
    .filter(({ name }) => outside.has(name))
    .map(({ name, type }) => `${identifier(name)}: ${engineType(type)}`);
  return `read_parquet([${files}], ${how}, hive_partitioning = true, hive_types = {${types.join(', ')}})`;
}

/** Columns are found by the ids that the files have, whatever their names. */
function byIds(stored: readonly DeltaField[]): string {
  const columns = stored.map(
    (own) =>
      `${columnId(own) ?? -1}: {name: ${text(own.name)}, type: ${text(engineType(own.type))}, default_value: NULL}`,
  );
  return `schema = MAP {${columns.join(', ')}}`;
}

/** The same relation with the place of each row. */
export function numberedRows(files: string): string {
  const numbered = files.replace(/\)$/, ", filename = '__file', file_row_number = true)");
  return `(SELECT * RENAME (file_row_number AS __row) FROM ${numbered})`;
}
