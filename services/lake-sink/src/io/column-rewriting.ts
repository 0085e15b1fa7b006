import {
  constraintsOf,
  mayName,
  readEverything,
  removalOf,
  type Action,
  type AddFile,
  type ColumnMapping,
  type Constraint,
  type DeltaField,
} from '@hasivu/delta';
import {
  CHANGE_TYPE,
  type Engine,
  type EngineFile,
  type EngineSession,
  evaluating,
  type FileCache,
  hasChangeFeed,
  holdRows,
  identifier,
  inPartition,
  LocalFiles,
  readFiles,
  rowConstraints,
  storedAs,
  storedIds,
  TableVectors,
  unmarkedRows,
  uploadChangeFiles,
  uploadEngineFiles,
} from '@hasivu/lake-engine';
import { initialSql } from '../core/column-initial.ts';
import type { GeneratedColumn } from '../core/generated-columns.ts';
import type { PartitionColumn } from '../core/partition-spec.ts';
import { withGenerated } from '../core/state-sql.ts';
import type { Failpoint } from './failpoint.ts';
import type { LakeTable, TableEvolution } from './lake-table.ts';
import { valuesBefore } from './values-before.ts';

export interface RewritingTools {
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly failpoint: Failpoint;
}

/** Columns that get a value in every row. */
export interface FilledColumns {
  /** They have an initial value. */
  readonly initial: readonly DeltaField[];
  /** They are computed, from the initial ones too; new ones, and some that are there. */
  readonly computed: readonly GeneratedColumn[];
}

/**
 * Rewrites every file of a table to a schema with wider columns, with columns that its rows have a value in, or without
 * some that it had, and commits files and schema as one version. Readers differ in which narrower Parquet types they accept for a column (that
 * is Delta's typeWidening feature, which few have), so no file keeps the old type; and no reader takes a value for a
 * column that a file lacks; one that is in a file no more may come again with other values. One file at a time: memory
 * and disk stay bounded by one file.
 * @throws LAKE_CONSTRAINT_UNENFORCED where a row has a value that a column cannot be computed on; LAKE_CONSTRAINT_BROKEN
 * where a computed value is one that the table rules out
 */
export async function commitRewritten(
  table: LakeTable,
  evolution: TableEvolution,
  filled: FilledColumns,
  partitions: readonly PartitionColumn[],
  tools: RewritingTools,
): Promise<void> {
  const files = [...table.delta.state.files.values()];
  const local = new LocalFiles(table, tools.cache);
  // Rows that are the same in another type are no change to those who read changes.
  const changesRows = fills(evolution, filled);
  const actions: Action[] = [...evolution.actions];
  for (const file of files) {
    const written = await tools.engine.exclusively(`rewriting the columns of ${table.root}`, (session) =>
      rewritten({ session, table, local, cache: tools.cache }, file, evolution, filled, partitions),
    );
    actions.push(removalOf(file, Date.now(), changesRows), ...written.changes);
    for (const add of written.adds) actions.push({ add: { ...add, dataChange: changesRows } });
    await local.forget([file]);
    await tools.cache.trim();
  }
  tools.failpoint('columns-rewritten');
  await table.delta.commit({
    actions,
    operation: operationOf(evolution),
    reads: readEverything(files.map(({ path }) => path)),
    isolation: 'serializable',
    // What it declares of the columns that are computed is held for each file, and the others are as they were.
    enforcesConstraints: true,
  });
}

function operationOf({ widened, added }: TableEvolution): string {
  return widened.length > 0 ? 'CHANGE COLUMN' : added ? 'ADD COLUMNS' : 'DROP COLUMNS';
}

function fills({ sameValues }: TableEvolution, { initial, computed }: FilledColumns): boolean {
  return initial.length > 0 || computed.some(({ own }) => !sameValues.has(own.name));
}

interface RewritingPlace {
  readonly session: EngineSession;
  readonly table: LakeTable;
  readonly local: LocalFiles;
  readonly cache: FileCache;
}

async function rewritten(
  { session, table, local, cache }: RewritingPlace,
  file: AddFile,
  evolution: TableEvolution,
  filled: FilledColumns,
  partitions: readonly PartitionColumn[],
): Promise<{ readonly adds: readonly AddFile[]; readonly changes: readonly Action[] }> {
  const { schema, columns } = evolution;
  const outside = new Set(partitions.map((part) => part.name));
  const stored = schema.fields.filter((own) => !outside.has(own.name));
  const names = stored.map((own) => own.name);
  const { initial, computed } = filled;
  const isNew = new Set(computed.map(({ own }) => own.name));
  const inRows = new Set(
    partitions.filter(({ transform }) => transform === 'identity').map((part) => part.name),
  );
  const given = schema.fields.filter(
    ({ name }) => !isNew.has(name) && (!outside.has(name) || inRows.has(name)),
  );
  // Names change without the files: the next names are those by which these are read too.
  const partitionValues = columns.namedValues(file.partitionValues);
  const groups = (await local.groups([file])).map((group) => ({ ...group, partitionValues }));
  const marked = await new TableVectors(session, table, cache, local).load([file]);
  const read = (fields: readonly DeltaField[], mapping: ColumnMapping): string => {
    const all = readFiles(
      fields,
      partitions,
      groups.map((group) => ({ ...group, columns: mapping })),
    );
    return marked ? unmarkedRows(all) : all;
  };
  const before = read(given, columns);
  const after = `(${withGenerated(`SELECT * FROM ${withInitials(before, initial)}`, computed)})`;
  const held = constraintsOn(table, evolution, computed);
  if (held.length > 0) {
    const fields = [...given, ...computed.map(({ own }) => own)];
    const place = { root: table.root, schema: { type: 'struct', fields }, columns } as const;
    const constraints = await rowConstraints(session, place, held);
    await holdRows(session, table.root, constraints, after, 'recomputed');
  }
  const write = async (query: string, name: string): Promise<EngineFile[]> => {
    const options = { codec: table.codec, fieldIds: storedIds(columns, names) };
    const written = await session.writeParquet(query, name, Number.MAX_SAFE_INTEGER, [], options);
    return inPartition(written, partitions, partitionValues);
  };
  const selected = names.map((name) => storedAs(columns, name)).join(', ');
  const computing = computed.map(({ own }) => `generation of ${own.name}`);
  const next = await evaluating(table.root, computing, () =>
    write(`SELECT ${selected} FROM ${after} ORDER BY __row`, 'rewritten'),
  );
  const adds = await uploadEngineFiles(table, cache, next, stored, partitions, columns);
  if (!fills(evolution, filled) || !hasChangeFeed(table)) return { adds, changes: [] };
  const typed = (relation: string, type: string): string =>
    `SELECT ${selected}, '${type}' AS ${identifier(CHANGE_TYPE.name)} FROM ${relation}`;
  const past = valuesBefore(table, evolution, computed);
  const had = past.of(read([...given, ...past.fields], past.columns));
  const told = `${typed(had, 'update_preimage')} UNION ALL ${typed(after, 'update_postimage')}`;
  return { adds, changes: await uploadChangeFiles(table, await write(told, 'changes'), partitions) };
}

/** What the table declares of columns that are computed, but for what they are computed by. */
function constraintsOn(
  { delta: { state } }: LakeTable,
  { schema }: TableEvolution,
  computed: readonly GeneratedColumn[],
): Constraint[] {
  const names = computed.map(({ own }) => own.name);
  return constraintsOf(state.metadata, schema, state.protocol).filter((constraint) => {
    if (constraint.kind === 'generated') return false;
    if (constraint.kind === 'not-null') return names.includes(constraint.column);
    return names.some((name) => mayName(constraint.expression, name));
  });
}

function withInitials(rows: string, initial: readonly DeltaField[]): string {
  if (initial.length === 0) return rows;
  const values = initial.map((own) => `${initialSql(own)} AS ${identifier(own.name)}`);
  return `(SELECT * REPLACE (${values.join(', ')}) FROM ${rows})`;
}
