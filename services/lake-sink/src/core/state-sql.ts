import {
  identifier,
  isMarked,
  MARKED_ROWS,
  type PartitionFiles,
  readFiles,
  text,
  unmarkedRows,
} from '@hasivu/lake-engine';
import { changeRows } from './change-rows.ts';
import type { GeneratedColumn } from './generated-columns.ts';
import { STATE_COLUMNS } from './lake-columns.ts';
import type { ChangePosition } from './change-position.ts';
import type { TableShape } from './table-shape.ts';
import { notBefore, sameKey } from './order-sql.ts';
import { partitionExpression } from './partition-sql.ts';

/** Columns that a state row has. */
export function stateFields(shape: TableShape): TableShape['rowFields'] {
  return [...givenFields(shape), ...(shape.generated ?? []).map(({ own }) => own)];
}

/** Those that are not computed from the others. */
function givenFields({ rowFields }: TableShape): TableShape['rowFields'] {
  return [...rowFields, ...STATE_COLUMNS];
}

export function batchRelation(shape: TableShape, files: readonly PartitionFiles[]): string {
  return changeRows(shape, files, 'noted');
}

/** Rows of the table's files that are still in the table. */
export function existingRelation(
  shape: TableShape,
  files: readonly PartitionFiles[],
  marked: boolean,
): string {
  const rows = readFiles(stateFields(shape), shape.partitions, files);
  return marked ? unmarkedRows(rows) : rows;
}

/**
 * Table `change_last`: the last change per key, numbered by `__change`. Changes before the last TRUNCATE are history: their
 * rows are gone.
 */
export function lastChangesSql(shape: TableShape, batch: string, truncatedAt: ChangePosition | null): string {
  const key = shape.key.map(identifier).join(', ');
  const survives = truncatedAt === null ? '' : ` AND ${atOrAfter('b', truncatedAt)}`;
  return (
    `CREATE OR REPLACE TEMP TABLE change_last AS SELECT *, row_number() OVER () AS __change FROM (` +
    `SELECT ${key}, _lsn, _seq, _op, _unavailable IS NOT NULL AS __lacks, __file, __row FROM ${batch} b ` +
    `WHERE _op IN ('c', 'r', 'u', 'd')${survives} ` +
    `QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY _lsn DESC, _seq DESC, _offset DESC) = 1)`
  );
}

/**
 * Table `state_match`: the table's rows that have a changed key, and where they stand. It reads the key and the
 * positions of the files, nothing else of them. Rows that are marked deleted are among them.
 */
export function matchedRowsSql(shape: TableShape, files: readonly PartitionFiles[]): string {
  const wanted = [...shape.key.map(identifier), '_lsn', '_seq', '__file', '__row'];
  const columns = wanted.map((name) => `e.${name}`).join(', ');
  const rows = readFiles(stateFields(shape), shape.partitions, files);
  return (
    `CREATE OR REPLACE TEMP TABLE state_match AS SELECT ${columns} FROM ${rows} e ` +
    `WHERE EXISTS (SELECT 1 FROM change_last c WHERE ${sameKey(shape.key, 'c', 'e')})`
  );
}

/** Rows per file of `state_match`. */
export const MATCHES_PER_FILE = 'SELECT __file, count(*) AS n FROM state_match GROUP BY __file';

/** Takes rows out of `state_match` that are marked deleted: an older version of a changed row, mostly. */
export const DROP_MARKED_MATCHES = `DELETE FROM state_match WHERE (__file, __row) IN (SELECT (m.__file, m.__row) FROM state_match m JOIN ${MARKED_ROWS} d ON d.__file = m.__file WHERE ${isMarked('m')})`;

/** Takes rows out of `state_match` whose change is not to be written: they stay. */
export function dropKeptMatchesSql(shape: TableShape): string {
  return `DELETE FROM state_match WHERE NOT EXISTS (SELECT 1 FROM change_last c WHERE ${sameKey(shape.key, 'c', 'state_match')})`;
}

/** Files of `state_match` whose row has values that its change lacks. */
export function lackingFilesSql(shape: TableShape): string {
  return `SELECT DISTINCT m.__file FROM state_match m JOIN change_last c ON ${sameKey(shape.key, 'c', 'm')} WHERE c.__lacks`;
}

/** Row numbers of `state_match`, one list per file. */
export function rowsToMarkSql(files: readonly string[]): string {
  return `SELECT __file, list(CAST(__row AS DOUBLE) ORDER BY __row) AS at FROM state_match WHERE __file IN (${files.map(text).join(', ')}) GROUP BY __file`;
}

export interface RewriteInput {
  readonly batch: string;
  /** Rows of the files that are rewritten; null when none is. */
  readonly existing: string | null;
  /** Rows of the files that have values which changes lack; null when none has. */
  readonly lacking: string | null;
  readonly truncatedAt: ChangePosition | null;
  /** Lake names of columns that some change of the batch lacks. */
  readonly unavailable: readonly string[];
  /** By column what a new row gets in it that has no value of its own: another writer's default. */
  readonly defaults?: ReadonlyMap<string, string>;
}

/** Takes changes out of `change_last` that the table already has, or something newer: they are not written again. */
export function dropStaleChangesSql(shape: TableShape): string {
  return (
    `DELETE FROM change_last WHERE (__file, __row) IN (SELECT (c.__file, c.__row) FROM state_match e JOIN change_last c ` +
    `ON ${sameKey(shape.key, 'c', 'e')} WHERE ${notBefore('e', 'c')})`
  );
}

/**
 * Table `change_values`: for changed keys whose last change lacks columns that Postgres did not send because they had
 * not changed, the value of the latest earlier change of the same key in this batch that has it, else that of the
 * existing row. A statement of its own, since wide values in the joins of the rewrite would not fit into memory.
 */
export function missingValuesSql(shape: TableShape, input: RewriteInput): string {
  const key = shape.key.map(identifier).join(', ');
  const lacking = (alias: string): string =>
    `EXISTS (SELECT 1 FROM change_last c WHERE c.__lacks AND ${sameKey(shape.key, 'c', alias)})`;
  const latest = input.unavailable.map((name) => {
    const available = `_unavailable IS NULL OR NOT list_contains(_unavailable, ${text(name)})`;
    // The value goes into a struct, since max_by passes over nulls and a null may be the value.
    return `max_by({v: ${identifier(name)}}, (_lsn, _seq)) FILTER (WHERE ${available}) AS ${identifier(`had ${name}`)}`;
  });
  const earlier = `(SELECT ${key}, ${latest.join(', ')} FROM ${input.batch} b WHERE _op IN ('c', 'r', 'u') AND ${lacking('b')} GROUP BY ${key}) h`;
  const wanted = [...shape.key, ...input.unavailable].map((name) => `e.${identifier(name)}`).join(', ');
  const live = 'EXISTS (SELECT 1 FROM state_match m WHERE m.__file = e.__file AND m.__row = e.__row)';
  const existing =
    input.lacking === null
      ? ''
      : ` LEFT JOIN (SELECT ${wanted} FROM ${input.lacking} e WHERE ${lacking('e')} AND ${live}) x ON ${sameKey(shape.key, 'x', 'h')}`;
  const values = input.unavailable.map((name) => {
    const had = `h.${identifier(`had ${name}`)}`;
    const none = input.defaults?.get(name) ?? 'NULL';
    const isKnown = `x.${identifier(shape.key[0] as string)} IS NOT NULL`;
    const known = `CASE WHEN ${isKnown} THEN x.${identifier(name)} ELSE ${none} END`;
    const fallback = input.lacking === null ? none : known;
    return `CASE WHEN ${had} IS NOT NULL THEN ${had}.v ELSE ${fallback} END AS ${identifier(name)}`;
  });
  const keys = shape.key.map((name) => `h.${identifier(name)}`).join(', ');
  return `CREATE OR REPLACE TEMP TABLE change_values AS SELECT ${keys}, ${values.join(', ')} FROM ${earlier}${existing}`;
}

/** View `state_next`: rows that stay, then rows that the batch writes, each with its partition texts. */
export function nextRowsSql(shape: TableShape, input: RewriteInput): string {
  const columns = stateFields(shape).map((own) => identifier(own.name));
  const parts = [freshRows(shape, input)];
  if (input.existing !== null) parts.unshift(keptRows(shape, columns, input.existing, input.truncatedAt));
  return `CREATE OR REPLACE TEMP VIEW state_next AS ${withPartitionTexts(shape, parts.join(' UNION ALL '))}`;
}

/** A query's rows with `__p0`, `__p1`…: the texts that name their partitions. */
export function withPartitionTexts(shape: TableShape, query: string): string {
  const types = new Map(shape.rowFields.map((own) => [own.name, own.type]));
  const derived = shape.partitions.map(
    (part, at) => `, ${partitionExpression(part, types.get(part.source) ?? 'string')} AS __p${at}`,
  );
  return `SELECT *${derived.join('')} FROM (${query})`;
}

function keptRows(
  shape: TableShape,
  columns: readonly string[],
  existing: string,
  truncatedAt: ChangePosition | null,
): string {
  const survives = truncatedAt === null ? '' : ` AND ${atOrAfter('e', truncatedAt)}`;
  const kept = columns.map((column) => `e.${column}`).join(', ');
  return `SELECT ${kept} FROM ${existing} e WHERE NOT EXISTS (SELECT 1 FROM change_last c WHERE ${sameKey(shape.key, 'c', 'e')})${survives}`;
}

/** Rows that the batch writes. */
export function freshRows(shape: TableShape, input: RewriteInput): string {
  const lacking = new Set(input.unavailable);
  const columns = givenFields(shape).map((own) => {
    const name = identifier(own.name);
    if (!lacking.has(own.name)) return `b.${name} AS ${name}`;
    return `CASE WHEN c.__lacks AND list_contains(b._unavailable, ${text(own.name)}) THEN v.${name} ELSE b.${name} END AS ${name}`;
  });
  const values = lacking.size === 0 ? '' : ` LEFT JOIN change_values v ON ${sameKey(shape.key, 'v', 'c')}`;
  const given = `SELECT ${columns.join(', ')} FROM ${input.batch} b JOIN change_last c ON b.__file = c.__file AND b.__row = c.__row${values} WHERE c._op <> 'd'`;
  return withGenerated(given, shape.generated ?? []);
}

/** A query's rows with the columns that are computed from them, behind the others. */
export function withGenerated(
  query: string,
  generated: readonly Pick<GeneratedColumn, 'own' | 'sql'>[],
): string {
  if (generated.length === 0) return query;
  const computed = generated.map(({ own, sql }) => `${sql} AS ${identifier(own.name)}`);
  return `SELECT g.*, ${computed.join(', ')} FROM (${query}) g`;
}

/** Columns that go into the files of a partitioned table: not those that name the partition. */
export function storedColumns(shape: TableShape): string[] {
  const outside = new Set(
    shape.partitions.filter((part) => part.transform === 'identity').map((part) => part.name),
  );
  return stateFields(shape)
    .map((own) => own.name)
    .filter((name) => !outside.has(name));
}

export function atOrAfter(alias: string, position: ChangePosition): string {
  return `(${alias}._lsn > ${position.lsn} OR (${alias}._lsn = ${position.lsn} AND ${alias}._seq >= ${position.seq}))`;
}
