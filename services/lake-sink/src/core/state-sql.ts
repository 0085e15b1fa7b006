import { STATE_COLUMNS, LOG_COLUMNS } from './lake-columns.ts';
import { identifier, notBefore, partitionExpression, readFiles, sameKey, text, type PartitionFiles } from './engine-sql.ts';
import type { ChangePosition } from './row-batch.ts';
import type { TableShape } from './table-shape.ts';

/** Columns that a state row has. */
export function stateFields(shape: TableShape): TableShape['rowFields'] {
  return [...shape.rowFields, ...STATE_COLUMNS];
}

export function batchRelation(shape: TableShape, files: readonly PartitionFiles[]): string {
  return readFiles([...shape.rowFields, ...LOG_COLUMNS], shape.partitions, files);
}

export function existingRelation(shape: TableShape, files: readonly PartitionFiles[]): string {
  return readFiles(stateFields(shape), shape.partitions, files);
}

/** Changes before the last TRUNCATE are history: their rows are gone. */
export function lastChangesSql(shape: TableShape, batch: string, truncatedAt: ChangePosition | null): string {
  const key = shape.key.map(identifier).join(', ');
  const survives = truncatedAt === null ? '' : ` AND ${atOrAfter('b', truncatedAt)}`;
  return (
    `CREATE OR REPLACE TEMP TABLE change_last AS SELECT ${key}, _lsn, _seq, _op, __file, __row FROM ${batch} b ` +
    `WHERE _op IN ('c', 'r', 'u', 'd')${survives} ` +
    `QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY _lsn DESC, _seq DESC, _offset DESC) = 1`
  );
}

/** Which of the existing files hold a row of a changed key. */
export function touchedFilesSql(shape: TableShape, existing: string): string {
  return `SELECT DISTINCT e.__file FROM ${existing} e WHERE EXISTS (SELECT 1 FROM change_last c WHERE ${sameKey(shape.key, 'c', 'e')})`;
}

export interface RewriteInput {
  readonly batch: string;
  /** Rows of the files that are rewritten; null when none is. */
  readonly existing: string | null;
  readonly truncatedAt: ChangePosition | null;
  /** Lake names of columns that some change of the batch lacks. */
  readonly unavailable: readonly string[];
}

/** View `state_next`: rows that stay, then rows that the batch writes, each with its partition texts. */
export function nextRowsSql(shape: TableShape, input: RewriteInput): string {
  const columns = stateFields(shape).map((own) => identifier(own.name));
  const parts = [`SELECT ${columns.join(', ')} FROM (${freshRows(shape, input)})`];
  if (input.existing !== null) parts.unshift(`SELECT ${columns.join(', ')} FROM (${keptRows(shape, input.existing, input.truncatedAt)})`);
  const types = new Map(shape.rowFields.map((own) => [own.name, own.type]));
  const derived = shape.partitions.map((part, at) => `, ${partitionExpression(part, types.get(part.source) ?? 'string')} AS __p${at}`);
  return `CREATE OR REPLACE TEMP VIEW state_next AS SELECT *${derived.join('')} FROM (${parts.join(' UNION ALL ')})`;
}

function keptRows(shape: TableShape, existing: string, truncatedAt: ChangePosition | null): string {
  const survives = truncatedAt === null ? '' : ` AND ${atOrAfter('e', truncatedAt)}`;
  return (
    `SELECT e.* FROM ${existing} e WHERE NOT EXISTS (SELECT 1 FROM change_last c ` +
    `WHERE ${sameKey(shape.key, 'c', 'e')} AND NOT ${notBefore('e', 'c')})${survives}`
  );
}

/** A change that the table already has (or something newer) is not written again. */
function freshRows(shape: TableShape, input: RewriteInput): string {
  const resolved = new Set(input.unavailable);
  const columns = stateFields(shape).map((own) => {
    const name = identifier(own.name);
    return resolved.has(own.name) ? resolvedColumn(own.name, input.existing !== null) : `b.${name} AS ${name}`;
  });
  const stale =
    input.existing === null
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${input.existing} e WHERE ${sameKey(shape.key, 'c', 'e')} AND ${notBefore('e', 'c')})`;
  return (
    `SELECT ${columns.join(', ')} FROM ${input.batch} b JOIN change_last c ON b.__file = c.__file AND b.__row = c.__row` +
    `${earlierValues(shape, input)} WHERE c._op <> 'd'${stale}`
  );
}

/**
 * For columns that Postgres did not send because they had not changed: the value of the latest earlier change of the
 * same key in this batch that has it, else that of the existing row.
 */
function earlierValues(shape: TableShape, input: RewriteInput): string {
  if (input.unavailable.length === 0) return '';
  const key = shape.key.map(identifier).join(', ');
  const latest = input.unavailable.map((name) => {
    const available = `_unavailable IS NULL OR NOT list_contains(_unavailable, ${text(name)})`;
    // The value goes into a struct, since max_by passes over nulls and a null may be the value.
    return `max_by({v: ${identifier(name)}}, (_lsn, _seq)) FILTER (WHERE ${available}) AS ${identifier(`had ${name}`)}`;
  });
  const earlier =
    ` LEFT JOIN (SELECT ${key}, ${latest.join(', ')} FROM ${input.batch} ` +
    `WHERE _op IN ('c', 'r', 'u') GROUP BY ${key}) h ON ${sameKey(shape.key, 'h', 'c')}`;
  return input.existing === null ? earlier : `${earlier} LEFT JOIN ${input.existing} x ON ${sameKey(shape.key, 'x', 'c')}`;
}

function resolvedColumn(name: string, hasExisting: boolean): string {
  const column = identifier(name);
  const had = `h.${identifier(`had ${name}`)}`;
  const fallback = hasExisting ? `x.${column}` : 'NULL';
  return (
    `CASE WHEN b._unavailable IS NULL OR NOT list_contains(b._unavailable, ${text(name)}) THEN b.${column} ` +
    `WHEN ${had} IS NOT NULL THEN ${had}.v ELSE ${fallback} END AS ${column}`
  );
}

/** Columns that go into the files of a partitioned table: not those that name the partition. */
export function storedColumns(shape: TableShape): string[] {
  const outside = new Set(shape.partitions.filter((part) => part.transform === 'identity').map((part) => part.name));
  return stateFields(shape)
    .map((own) => own.name)
    .filter((name) => !outside.has(name));
}

function atOrAfter(alias: string, position: ChangePosition): string {
  return `(${alias}._lsn > ${position.lsn} OR (${alias}._lsn = ${position.lsn} AND ${alias}._seq >= ${position.seq}))`;
}
