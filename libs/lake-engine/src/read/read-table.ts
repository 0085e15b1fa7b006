import {
  parseStatistics,
  readVector,
  type AddFile,
  type DeltaField,
  type TableSnapshot,
  type VectorFiles,
} from '@hasivu/delta';
import { engineType, identifier, partitionConstant } from '../engine-sql.ts';
import { byPartition } from '../local-files.ts';
import { unmarkedRows } from '../marked-rows-sql.ts';
import { conditionBound, valueFunctions } from '../predicate/condition-bound.ts';
import { mayHold, rejectsNull, type FileBound } from '../predicate/file-bounds.ts';
import { readFiles, typedColumns } from '../read-files.ts';
import { markableRows } from '../table-vectors.ts';
import { vectorFiles } from '../vector-files.ts';
import { keptBits } from './core/kept-rows.ts';
import type { RowCondition } from './core/row-conditions.ts';
import type { TableNeeds } from './core/statement-needs.ts';
import { fetchFiles, type FetchedFile, type ReadTools } from './fetch-files.ts';
import { bytesOfTable, type TableRead } from './table-read.ts';

/** A table as a statement may use it. */
export interface ReadableTable {
  /** SELECT of the table's columns with its rows, or of those that the statement's answer can depend on. */
  readonly select: string;
  readonly read: TableRead;
}

/**
 * Fetches what a statement needs of a table. Columns that it does not need are in the relation by their names; reading one
 * is an error. @throws LAKE_LOG_CORRUPT, LAKE_SCHEMA_INCOMPATIBLE, STORE_*
 */
export async function readTable(
  tools: ReadTools,
  table: TableSnapshot,
  needs: TableNeeds,
): Promise<ReadableTable> {
  const { state } = table;
  const { partitionColumns } = state.metadata;
  const { fields } = state.schema;
  const before = tools.cache.fetchedBytes;
  const bound = await boundOfPlaces(tools, table, needs.places);
  const files = bound === null ? [] : [...state.files.values()].filter((file) => mayHold(bound, file));
  const used = fields.filter(({ name }) => needs.columns.all || needs.columns.names.has(name.toLowerCase()));
  const inFiles = used.filter(({ name }) => !partitionColumns.includes(name));
  // Where no column of the files is asked for, their number of rows is all that the answer can depend on.
  const { counted = [], read = [] } = Object.groupBy(files, (file) =>
    inFiles.length === 0 && rowsOf(file) >= 0 ? 'counted' : 'read',
  );
  const fetched = await fetchFiles(
    tools,
    {
      root: table.root,
      stored: state.columns.storedFields(inFiles),
      byId: state.columns.mode === 'id',
      bound: bound ?? { kind: 'open' },
    },
    read,
  );
  const marked = await markRows(tools, vectorFiles(tools.cache, table.root), fetched.files, table);
  const relation = readFiles(
    fields,
    partitionColumns.map((name) => ({ name })),
    byPartition(fetched.files, partitionColumns, state.columns),
  );
  const columns = fields.map(({ name }) => identifier(name)).join(', ');
  const rows = marked ? unmarkedRows(relation) : relation;
  return {
    select: `SELECT ${columns} FROM (${[`SELECT ${['__file', ...typedColumns(fields)].join(', ')} FROM ${rows}`, ...countedRows(table, counted)].join(' UNION ALL ')})`,
    read: {
      table: `${needs.catalog}.${needs.schema}.${needs.table}`,
      files: { read: fetched.files.length, of: state.files.size },
      rowGroups: fetched.rowGroups,
      columns: { read: used.length, of: fields.length },
      fetchedBytes: tools.cache.fetchedBytes - before,
      tableBytes: bytesOfTable(table),
    },
  };
}

/** What a file must have before one of its rows can count anywhere; null where no rows are asked for. */
async function boundOfPlaces(
  { session }: ReadTools,
  { state: { schema, columns } }: TableSnapshot,
  places: TableNeeds['places'],
): Promise<FileBound | null> {
  const isAsked = places.some((place) => place !== null && place.length > 0);
  const functions = isAsked ? await valueFunctions(session) : new Set<string>();
  const boundOf = async ({ node, ifRejectsNull, resolve }: RowCondition): Promise<FileBound> => {
    const bound = await conditionBound(session, { schema, columns }, node, functions, resolve);
    return ifRejectsNull && !rejectsNull(bound) ? { kind: 'open' } : bound;
  };
  const any: FileBound[] = [];
  for (const conditions of places) {
    if (conditions === null) continue;
    const all: FileBound[] = [];
    for (const condition of conditions) all.push(await boundOf(condition));
    any.push({ kind: 'all', of: all });
  }
  return any.length === 0 ? null : { kind: 'any', of: any };
}

/** Tells the engine which rows of the files are marked deleted. @returns whether any is */
async function markRows(
  { session }: ReadTools,
  vectors: VectorFiles,
  files: readonly FetchedFile[],
  { root }: TableSnapshot,
): Promise<boolean> {
  let any = false;
  for (const { file, path, ranges } of files) {
    if (file.deletionVector === undefined) continue;
    const rows = await readVector(file.deletionVector, vectors);
    const bits = ranges === null ? rows.toBits(markableRows(root, file)) : keptBits(rows, ranges);
    await session.markRows(path, bits);
    any = true;
  }
  return any;
}

/** Rows of the file that are in the table; −1 where the log does not say. */
function rowsOf({ stats, deletionVector }: AddFile): number {
  const { numRecords } = parseStatistics(stats);
  return numRecords < 0 ? -1 : numRecords - (deletionVector?.cardinality ?? 0);
}

/** So many rows for each partition, without the columns that are in files. */
function countedRows({ state }: TableSnapshot, files: readonly AddFile[]): string[] {
  const { partitionColumns } = state.metadata;
  const totals = new Map<string, number>();
  for (const file of files) {
    const values = state.columns.namedValues(file.partitionValues);
    const columns = state.schema.fields.map((own) => valueOf(own, partitionColumns, values)).join(', ');
    totals.set(columns, (totals.get(columns) ?? 0) + rowsOf(file));
  }
  return [...totals].map(([columns, rows]) => `SELECT NULL AS __file, ${columns} FROM range(${rows})`);
}

function valueOf(
  { name, type }: DeltaField,
  partitionColumns: readonly string[],
  values: Readonly<Record<string, string | null>>,
): string {
  const value = partitionColumns.includes(name)
    ? partitionConstant(values[name] ?? null, type)
    : `error('a column that was not fetched')::${engineType(type)}`;
  return `${value} AS ${identifier(name)}`;
}
