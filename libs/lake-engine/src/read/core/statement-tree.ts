import type { SyntaxNode } from '../../predicate/predicate-syntax.ts';

/** A table, or what stands in the place of one, in a FROM: only what is walked here is named. */
export interface TableNode {
  readonly type?: string;
  readonly alias?: string;
  readonly catalog_name?: string;
  readonly schema_name?: string;
  readonly table_name?: string;
  readonly column_name_alias?: readonly string[];
  readonly sample?: object | null;
  readonly left?: TableNode;
  readonly right?: TableNode;
  readonly condition?: SyntaxNode | null;
  readonly join_type?: string;
  readonly ref_type?: string;
  readonly using_columns?: readonly string[];
  readonly show_type?: string;
  readonly function?: SyntaxNode;
  readonly subquery?: { readonly node?: AnyNode };
}

/** One SELECT with its FROM and WHERE. */
export interface SelectNode {
  readonly type: 'SELECT_NODE';
  readonly from_table?: TableNode;
  readonly where_clause?: SyntaxNode | null;
  readonly sample?: object | null;
  readonly select_list?: readonly OutputNode[];
  readonly modifiers?: readonly AnyNode[];
  readonly group_expressions?: readonly object[];
  readonly group_sets?: readonly object[];
  readonly aggregate_handling?: string;
  readonly having?: object | null;
  readonly qualify?: object | null;
}

/** What a SELECT puts out: an expression, or a star. */
export interface OutputNode extends AnyNode {
  readonly alias?: string;
  readonly column_names?: readonly string[];
  readonly relation_name?: string;
  readonly exclude_list?: readonly unknown[];
  readonly replace_list?: readonly unknown[];
  readonly rename_list?: readonly unknown[];
  readonly qualified_exclude_list?: readonly unknown[];
  readonly columns?: boolean;
  readonly expr?: object | null;
}

/** A part of a statement of any kind. */
export interface AnyNode {
  readonly type?: string;
  readonly class?: string;
}

/** Goes through all that a value holds. `visit` is told the nearest SELECT around the node. */
export function eachNode(
  value: unknown,
  visit: (node: AnyNode, within: SelectNode | null) => void,
  within: SelectNode | null = null,
): void {
  if (Array.isArray(value)) return value.forEach((item) => eachNode(item, visit, within));
  if (value === null || typeof value !== 'object') return;
  visit(value, within);
  const inside = isSelect(value) ? value : within;
  for (const child of Object.values(value)) eachNode(child, visit, inside);
}

export function isSelect(node: AnyNode): node is SelectNode {
  return node.type === 'SELECT_NODE';
}

export function isBaseTable(node: AnyNode): node is TableNode {
  return node.type === 'BASE_TABLE';
}

/** The tables of a FROM by themselves and joined, not those of subqueries in it. */
export function joinedTables(from: TableNode | undefined): TableNode[] {
  if (from === undefined) return [];
  if (from.type === 'JOIN') return [...joinedTables(from.left), ...joinedTables(from.right)];
  return [from];
}

/** The name by which a statement refers to the table's columns, in lower case. */
export function aliasOf(table: TableNode): string {
  return writtenAlias(table).toLowerCase();
}

/** The same, as it is written. */
export function writtenAlias({ alias = '', table_name = '' }: TableNode): string {
  return alias === '' ? table_name : alias;
}

/** All tables that a part of a statement names. */
export function baseTablesIn(part: unknown): TableNode[] {
  const found: TableNode[] = [];
  eachNode(part, (node) => {
    if (isBaseTable(node)) found.push(node);
  });
  return found;
}
