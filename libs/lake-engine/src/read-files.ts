import { columnId, type ColumnMapping, type DeltaField, type DeltaType } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import {
  engineType,
  identifier,
  partitionConstant,
  text,
  type PartitionFiles,
  type PartitionName,
} from './engine-sql.ts';
import { foldName } from './fold-name.ts';
import { namedParts } from './named-parts.ts';

/** What a relation has beside the columns that are asked for. */
const ADDED = ['__file', '__row'] as const;

/**
 * A relation of these columns over local Parquet files. Files may lack columns that came later (null) or hold a
 * narrower type (cast); a column that names the partition is a constant. `__file` and `__row` say where a row stands.
 * @param beside columns of change files, which are no table's: files have them by the names that they have here. Then all
 * columns are found by their names, also under a mapping by id: these columns have no id, and change files have Delta's
 * physical names, since nothing but its writers makes them
 * @throws LAKE_SCHEMA_INCOMPATIBLE for a column that is called `__file` or `__row`
 */
export function readFiles(
  fields: readonly DeltaField[],
  partitions: readonly PartitionName[],
  files: readonly PartitionFiles[],
  beside: readonly DeltaField[] = [],
): string {
  assertOwnNames([...fields, ...beside]);
  const outside = new Set(partitions.map((part) => part.name));
  const byMapping = Map.groupBy(
    files.filter((group) => group.paths.length > 0),
    ({ columns }) => columns,
  );
  const reads = [...byMapping].map(([mapping, groups]) =>
    readMapped(columnsOf(fields, mapping, beside), outside, groups, beside),
  );
  if (reads.length > 0) return `(${reads.join(' UNION ALL ')})`;
  return `(${emptyRelation([...fields, ...beside].map((own) => [own.name, own.type]))})`;
}

/** Rows would be marked and left out by the column's values, since the engine takes the first column of a name. */
function assertOwnNames(fields: readonly DeltaField[]): void {
  const taken = fields.find(({ name }) => ADDED.some((added) => added === foldName(name)));
  if (taken === undefined) return;
  throw new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `reading the column ${taken.name} from files`,
    why: `reads tell rows apart by columns of their own, which are called ${ADDED.join(' and ')}`,
    context: { column: taken.name },
  });
}

/** The columns with exactly their types: files may hold others, wider ones or times without a zone. */
export function typedColumns(fields: readonly DeltaField[]): string[] {
  return fields.map(
    ({ name, type }) => `CAST(${identifier(name)} AS ${engineType(type)}) AS ${identifier(name)}`,
  );
}

/** A column as the relation has it, and as files have it; null where they cannot have it. */
interface ReadColumn {
  readonly own: DeltaField;
  readonly stored: DeltaField | null;
}

function columnsOf(
  fields: readonly DeltaField[],
  mapping: ColumnMapping,
  beside: readonly DeltaField[],
): ReadColumn[] {
  return [
    ...fields.map((own) => ({ own, stored: mapping.storedField(own) })),
    ...beside.map((own) => ({ own, stored: own })),
  ];
}

/** Files that name their columns in one way. */
function readMapped(
  named: readonly ReadColumn[],
  outside: ReadonlySet<string>,
  groups: readonly PartitionFiles[],
  beside: readonly DeltaField[],
): string {
  const isInFiles = ({ own, stored }: ReadColumn): boolean => stored !== null && !outside.has(own.name);
  const isById = beside.length === 0 && groups[0]?.columns.mode === 'id' && named.some(isInFiles);
  const columns = isById ? named.map(numbered) : named;
  const known = columns.flatMap(({ stored }) => (stored === null ? [] : [stored]));
  const inFiles = columns.filter(isInFiles).flatMap(({ stored }) => stored ?? []);
  const constants = columns.filter((column) => column.stored !== null && !isInFiles(column));
  const read = withPartitions(groups, constants, isById ? inFiles : []);
  const empty = emptyRelation(known.map((stored) => [stored.name, stored.type]));
  const chosen = columns.map(({ own, stored }) => {
    if (stored === null) return `NULL::${engineType(own.type)} AS ${identifier(own.name)}`;
    const value = namedParts(identifier(stored.name), stored.type, own.type);
    return stored.name === own.name && value === identifier(own.name)
      ? value
      : `${value} AS ${identifier(own.name)}`;
  });
  return `SELECT ${[...chosen, ...ADDED].join(', ')} FROM (${empty} UNION ALL BY NAME ${read})`;
}

/**
 * Rows of the files, with the columns that name their partitions. One scan reads them all: with one for each partition, the
 * engine works out a plan and holds buffers for each.
 * @param constants columns that are not in the files @param byIds columns to be found by their ids
 */
function withPartitions(
  groups: readonly PartitionFiles[],
  constants: readonly ReadColumn[],
  byIds: readonly DeltaField[],
): string {
  const names = constants.map(({ own, stored }) => identifier((stored ?? own).name));
  const valuesOf = ({ partitionValues }: PartitionFiles): string[] =>
    constants.map(({ own }) => partitionConstant(partitionValues[own.name] ?? null, own.type));
  const files = scan(
    groups.flatMap(({ paths }) => paths),
    byIds,
  );
  const rows = `SELECT f.*${byIds.length > 0 ? ', file_row_number AS __row' : ' RENAME (file_row_number AS __row)'}`;
  const [only, ...others] = new Set(
    groups.map((group) =>
      valuesOf(group)
        .map((value, at) => `, ${value} AS ${names[at]}`)
        .join(''),
    ),
  );
  if (others.length === 0) return `${rows}${only ?? ''} FROM ${files} f`;
  const placed = groups.flatMap((group) =>
    group.paths.map((path) => `(${[text(path), ...valuesOf(group)].join(', ')})`),
  );
  const path = identifier(freeName('__path', constants));
  const partitions = `(VALUES ${placed.join(', ')}) p(${path}, ${names.join(', ')})`;
  return `${rows}, ${names.map((name) => `p.${name}`).join(', ')} FROM ${files} f JOIN ${partitions} ON f.__file = p.${path}`;
}

/** The name, or one like it that none of the columns has. */
function freeName(wanted: string, columns: readonly ReadColumn[]): string {
  const taken = new Set(columns.map(({ own, stored }) => foldName((stored ?? own).name)));
  return taken.has(wanted) ? freeName(`${wanted}_`, columns) : wanted;
}

/**
 * Found by its id, a column may have any name while it is read, and a stored `file_row_number` would be taken for the number
 * that rows are marked by.
 */
function numbered({ own, stored }: ReadColumn): ReadColumn {
  return { own, stored: stored === null ? null : { ...stored, name: `column ${columnId(stored) ?? -1}` } };
}

/** @param byIds columns to be found by their ids; without any, all are found by name */
function scan(paths: readonly string[], byIds: readonly DeltaField[]): string {
  const list = paths.map(text).join(', ');
  // Of a folder's name such as `a=b`, which may be above ours, the engine would make a column.
  const read = `read_parquet([${list}], hive_partitioning = false, filename = '__file'`;
  if (byIds.length === 0) return `${read}, union_by_name = true, file_row_number = true)`;
  // By id, the files' own names have no say. Asked for rows' numbers as an option, the engine (1.5) breaks, and stays
  // broken, where a file has a column without an id: Spark's have one in files that it writes for updates.
  return `${read}, schema = MAP {${byIds.map(byId).join(', ')}})`;
}

function byId(stored: DeltaField): string {
  const id = columnId(stored) ?? -1;
  return `${id}: {name: ${text(stored.name)}, type: ${text(engineType(stored.type))}, default_value: NULL}`;
}

/** No rows; it decides the types of the columns, and that they are there. */
function emptyRelation(columns: readonly (readonly [name: string, type: DeltaType])[]): string {
  const typed = columns.map(([name, type]) => `NULL::${engineType(type)} AS ${identifier(name)}`);
  // Where no column is asked for, the engine reads the first: this one is in no file.
  return `SELECT ${['NULL::VARCHAR AS __file', 'NULL::BIGINT AS __row', ...typed].join(', ')} WHERE false`;
}
