import { STATE_COLUMNS, LOG_COLUMNS } from './lake-columns.ts';
import {
  identifier,
  notBefore,
  partitionExpression,
  readFiles,
  sameKey,
  text,
  type PartitionFiles,
} from './engine-sql.ts';
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
    `CREATE OR REPLACE TEMP TABLE change_last AS SELECT ${key}, _lsn, _seq, _op, _unavailable IS NOT NULL AS __lacks, __file, __row FROM ${batch} b ` +
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

/** Takes changes out of `change_last` that the table already has, or something newer: they are not written again. */
export function dropStaleChangesSql(shape: TableShape, existing: string): string {
  return (
    `DELETE FROM change_last WHERE (__file, __row) IN (SELECT (c.__file, c.__row) FROM ${existing} e JOIN change_last c ` +
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
  const existing =
    input.existing === null
      ? ''
      : ` LEFT JOIN (SELECT ${wanted} FROM ${input.existing} e WHERE ${lacking('e')}) x ON ${sameKey(shape.key, 'x', 'h')}`;
  const values = input.unavailable.map((name) => {
    const had = `h.${identifier(`had ${name}`)}`;
    const fallback = input.existing === null ? 'NULL' : `x.${identifier(name)}`;
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
  const types = new Map(shape.rowFields.map((own) => [own.name, own.type]));
  const derived = shape.partitions.map(
    (part, at) => `, ${partitionExpression(part, types.get(part.source) ?? 'string')} AS __p${at}`,
  );
  return `CREATE OR REPLACE TEMP VIEW state_next AS SELECT *${derived.join('')} FROM (${parts.join(' UNION ALL ')})`;
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

function freshRows(shape: TableShape, input: RewriteInput): string {
  const lacking = new Set(input.unavailable);
  const columns = stateFields(shape).map((own) => {
    const name = identifier(own.name);
    if (!lacking.has(own.name)) return `b.${name} AS ${name}`;
    return `CASE WHEN c.__lacks AND list_contains(b._unavailable, ${text(own.name)}) THEN v.${name} ELSE b.${name} END AS ${name}`;
  });
  const values = lacking.size === 0 ? '' : ` LEFT JOIN change_values v ON ${sameKey(shape.key, 'v', 'c')}`;
  return `SELECT ${columns.join(', ')} FROM ${input.batch} b JOIN change_last c ON b.__file = c.__file AND b.__row = c.__row${values} WHERE c._op <> 'd'`;
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

function atOrAfter(alias: string, position: ChangePosition): string {
  return `(${alias}._lsn > ${position.lsn} OR (${alias}._lsn = ${position.lsn} AND ${alias}._seq >= ${position.seq}))`;
}
