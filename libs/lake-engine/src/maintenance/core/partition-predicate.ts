import type { AddFile, ColumnMapping, DeltaStruct } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { compareBounds } from '../../compare-bounds.ts';

/** Whether a file's partition is meant. */
export interface PartitionPredicate {
  /** As it was written. */
  readonly predicate: string;
  readonly takes: (file: AddFile) => boolean;
}

type Operator = '=' | '!=' | '<>' | '<=' | '<' | '>=' | '>';

/** One comparison: a column, bare or in double quotes; an operator; a number, or a text in single quotes. */
const COMPARISON =
  /^\s*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_]*))\s*(=|!=|<>|<=|<|>=|>)\s*(?:'((?:[^']|'')*)'|(-?[\p{L}\p{N}.]+))\s*$/u;
const IS_NULL = /^\s*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_]*))\s+is\s+(not\s+)?null\s*$/iu;

/**
 * A condition over partition columns: comparisons with `and` between them, `<column> is null`, `is not null`.
 * @throws LAKE_CHOICE_INVALID
 */
export function parsePartitionPredicate(
  predicate: string,
  table: {
    readonly root: string;
    readonly schema: DeltaStruct;
    readonly partitionColumns: readonly string[];
    readonly columns: ColumnMapping;
  },
): PartitionPredicate {
  const tests = splitByAnd(predicate).map((part) => testOf(part, predicate, table));
  return { predicate, takes: (file) => tests.every((test) => test(file)) };
}

type Test = (file: AddFile) => boolean;

function testOf(part: string, predicate: string, table: Parameters<typeof parsePartitionPredicate>[1]): Test {
  const nulls = IS_NULL.exec(part);
  if (nulls !== null) {
    const column = columnOf(nulls[1], nulls[2], predicate, table);
    const wanted = nulls[3] === undefined;
    return (file) => ((file.partitionValues[table.columns.storedName(column)] ?? null) === null) === wanted;
  }
  const match = COMPARISON.exec(part);
  if (match === null)
    throw invalid(
      table.root,
      predicate,
      'it is no comparison of partition columns with values, with `and` between them',
    );
  const [, quoted, bare, operator = '', text, plain = ''] = match;
  const column = columnOf(quoted, bare, predicate, table);
  const value = text?.replaceAll("''", "'") ?? plain;
  const type = table.schema.fields.find((own) => own.name === column)?.type ?? 'string';
  return (file) => {
    const own = file.partitionValues[table.columns.storedName(column)] ?? null;
    if (own === null) return false;
    // What has no order is equal or not.
    const order = compareBounds(type, own, value) ?? (own === value ? 0 : null);
    return order === null ? operator === '!=' || operator === '<>' : holds(order, operator as Operator);
  };
}

function holds(order: number, operator: Operator): boolean {
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

/** At `and` outside of quotes. */
function splitByAnd(predicate: string): string[] {
  const parts: string[] = [''];
  for (const token of predicate.match(/'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\s+and\s+|[^'"\s]+|\s+/giu) ?? []) {
    if (/^\s+and\s+$/iu.test(token)) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}

function columnOf(
  quoted: string | undefined,
  bare: string | undefined,
  predicate: string,
  { root, partitionColumns }: Parameters<typeof parsePartitionPredicate>[1],
): string {
  const name = quoted?.replaceAll('""', '"') ?? bare ?? '';
  const found = partitionColumns.find((column) => column.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  const known =
    partitionColumns.length === 0
      ? 'the table has no partitions'
      : `those are ${partitionColumns.join(', ')}`;
  throw invalid(root, predicate, `${name} does not name a partition: ${known}`);
}

function invalid(root: string, predicate: string, why: string): PlatformError {
  return new PlatformError('LAKE_CHOICE_INVALID', {
    doing: `choosing files of the table ${root}`,
    why,
    context: { table: root, length: predicate.length },
  });
}
