import type { SyntaxNode } from '../../predicate/predicate-syntax.ts';
import type { ColumnResolver } from '../../predicate/condition-bound.ts';
import { foldName } from '../../fold-name.ts';
import { aliasOf, joinedTables, writtenAlias, type SelectNode, type TableNode } from './statement-tree.ts';

/** A condition that a table's row must satisfy before the statement's answer can depend on it. */
export interface RowCondition {
  readonly node: SyntaxNode;
  /**
   * Where a row that is left out is replaced by nulls, since it stands on the outer side of a join: the condition says
   * something only if it is not true of nulls.
   */
  readonly ifRejectsNull: boolean;
  /** Which references are to columns of this table. */
  readonly resolve: ColumnResolver;
}

/** Joins that keep or drop rows by what their conditions say of one side at a time. */
const PLAIN_JOINS = new Set(['REGULAR', 'CROSS', 'NATURAL']);

/** A condition on its way to the tables that it is about. */
export interface PassedCondition extends Pick<RowCondition, 'node' | 'ifRejectsNull'> {
  /** What its references are called here, where it was written elsewhere. */
  readonly refer?: (parts: readonly string[]) => readonly string[] | null;
}

/**
 * Conditions on the rows of each table and subquery right in the FROM of a SELECT. Those that are not in the answer have none.
 * @param outside what is asked of the rows that the SELECT puts out
 */
export function rowConditions(
  select: SelectNode,
  outside: readonly PassedCondition[] = [],
): Map<TableNode, RowCondition[]> {
  const found = new Map<TableNode, RowCondition[]>();
  const { from_table: from, where_clause: where } = select;
  if (from === undefined) return found;
  const all = joinedTables(from);
  // A sample is drawn before the conditions are looked at: of fewer rows it would be another one.
  if (isSampled(select) || all.some(isSampled)) return found;
  const scope = scopeOf(from, all);
  const own = where ? [{ node: where, ifRejectsNull: false }] : [];
  passDown(from, [...own, ...outside], (table, passed) => {
    const resolve = resolverOf(table, scope);
    found.set(
      table,
      passed.map(({ node, ifRejectsNull, refer }) => ({
        node,
        ifRejectsNull,
        resolve: refer === undefined ? resolve : referred(refer, resolve),
      })),
    );
  });
  return found;
}

function passDown(
  table: TableNode,
  passed: readonly PassedCondition[],
  reach: (table: TableNode, passed: readonly PassedCondition[]) => void,
): void {
  const { left, right, condition } = table;
  if (table.type === 'BASE_TABLE' || table.type === 'SUBQUERY') return reach(table, passed);
  if (table.type !== 'JOIN' || left === undefined || right === undefined) return;
  // ASOF takes the nearest of the rows, POSITIONAL the one in the same place: fewer rows give others.
  if (!PLAIN_JOINS.has(table.ref_type ?? '')) return;
  const on: PassedCondition[] = condition ? [{ node: condition, ifRejectsNull: false }] : [];
  const outer = passed.map((one) => ({ ...one, ifRejectsNull: true }));
  switch (table.join_type) {
    case 'INNER':
      passDown(left, [...passed, ...on], reach);
      return passDown(right, [...passed, ...on], reach);
    case 'LEFT':
      passDown(left, passed, reach);
      return passDown(right, [...outer, ...on], reach);
    case 'RIGHT':
      passDown(left, [...outer, ...on], reach);
      return passDown(right, passed, reach);
    case 'FULL':
    case 'OUTER':
      passDown(left, outer, reach);
      return passDown(right, outer, reach);
    case 'SEMI':
      passDown(left, [...passed, ...on], reach);
      return passDown(right, on, reach);
    case 'ANTI':
      passDown(left, passed, reach);
      return passDown(right, on, reach);
    default:
  }
}

function referred(refer: NonNullable<PassedCondition['refer']>, resolve: ColumnResolver): ColumnResolver {
  return (parts) => {
    const here = refer(parts);
    return here === null ? null : resolve(here);
  };
}

interface Scope {
  /** How many tables of the FROM have the alias. */
  readonly aliases: ReadonlyMap<string, number>;
  /** Columns that stand for those of both sides of a join; null when these cannot be told. */
  readonly merged: ReadonlySet<string> | null;
}

function scopeOf(from: TableNode, tables: readonly TableNode[]): Scope {
  const aliases = new Map<string, number>();
  for (const table of tables) aliases.set(aliasOf(table), (aliases.get(aliasOf(table)) ?? 0) + 1);
  const joins = joinsIn(from);
  const merged = joins.flatMap((join) => join.using_columns ?? []).map((name) => name.toLowerCase());
  return { aliases, merged: joins.some((join) => join.ref_type === 'NATURAL') ? null : new Set(merged) };
}

function joinsIn(table: TableNode | undefined): TableNode[] {
  if (table?.type !== 'JOIN') return [];
  return [table, ...joinsIn(table.left), ...joinsIn(table.right)];
}

/** A name without a table is the table's own where it has one of that name: of two the engine would not take it. */
function resolverOf(table: TableNode, { aliases, merged }: Scope): ColumnResolver {
  const alias = aliasOf(table);
  return ([first, second, ...more]) => {
    if (first === undefined || more.length > 0 || (table.column_name_alias ?? []).length > 0) return null;
    if (second === undefined) return merged === null || merged.has(first.toLowerCase()) ? null : first;
    // An outer table may be called `Ä` where this one is `ä`: for the engine these are two names.
    return foldName(first) === foldName(writtenAlias(table)) && aliases.get(alias) === 1 ? second : null;
  };
}

function isSampled({ sample }: { readonly sample?: object | null }): boolean {
  return sample !== null && sample !== undefined;
}
