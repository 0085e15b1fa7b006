import type { SyntaxNode } from '../../predicate/predicate-syntax.ts';
import {
  aliasOf,
  baseTablesIn,
  eachNode,
  isBaseTable,
  joinedTables,
  type AnyNode,
  type TableNode,
} from './statement-tree.ts';

/** Columns of a table that a statement may read. */
export interface UsedColumns {
  all: boolean;
  /** In lower case; names that the table lacks may be among them. */
  readonly names: Set<string>;
}

interface StarNode extends AnyNode {
  readonly relation_name?: string;
}

/** What a FROM is made of; others, as PIVOT, may take columns without naming them. */
const KNOWN_TABLES = new Set([
  'BASE_TABLE',
  'JOIN',
  'SUBQUERY',
  'TABLE_FUNCTION',
  'EXPRESSION_LIST',
  'EMPTY',
  'EMPTY_FROM',
  'SHOW_REF',
]);

/**
 * The columns that a statement may read of each of its tables: at least those that it reads. A name without a table, or with
 * one that is not told apart here, is taken for a column of every table that has one of that name.
 * @param tables the nodes of the statement that name the tables, each with the table's own set
 */
export function usedColumns(statement: unknown, tables: ReadonlyMap<TableNode, UsedColumns>): void {
  const uses = new Columns(tables);
  eachNode(statement, (node, within) => {
    if (node.class === 'COLUMN_REF') uses.reference((node as SyntaxNode).column_names ?? []);
    else if (node.class === 'STAR') uses.star(node, joinedTables(within?.from_table));
    // By its place among the columns of the FROM.
    else if (node.class === 'POSITIONAL_REFERENCE') uses.star({}, joinedTables(within?.from_table));
    else if (node.type === 'JOIN') uses.join(node);
    // Columns are given other names by their position.
    else if (isBaseTable(node) && isRenamed(node)) uses.whole([node]);
    const from = (node as { readonly from_table?: TableNode }).from_table;
    for (const table of joinedTables(from))
      if (!KNOWN_TABLES.has(table.type ?? '')) uses.whole(baseTablesIn(table));
  });
}

function isRenamed({ column_name_alias: names = [] }: TableNode): boolean {
  return names.length > 0;
}

class Columns {
  readonly #tables: ReadonlyMap<TableNode, UsedColumns>;
  readonly #byAlias: ReadonlyMap<string, readonly TableNode[]>;

  constructor(tables: ReadonlyMap<TableNode, UsedColumns>) {
    this.#tables = tables;
    this.#byAlias = Map.groupBy(tables.keys(), aliasOf);
  }

  whole(nodes: Iterable<TableNode>): void {
    for (const node of nodes) {
      const used = this.#tables.get(node);
      if (used !== undefined) used.all = true;
    }
  }

  reference(parts: readonly string[]): void {
    const lower = parts.map((part) => part.toLowerCase());
    for (const [at, name] of lower.entries()) {
      const owners = at === 0 ? undefined : this.#byAlias.get(lower[at - 1] as string);
      this.#name(name, owners ?? this.#tables.keys());
    }
    // The name of a table alone is its whole row.
    this.whole(this.#byAlias.get(lower.at(-1) ?? '') ?? []);
  }

  star({ relation_name: relation = '' }: StarNode, scope: readonly TableNode[]): void {
    const named = scope.filter((table) => relation === '' || aliasOf(table) === relation.toLowerCase());
    this.whole(named.length > 0 ? named : this.#tables.keys());
  }

  join({ ref_type: kind, using_columns: using = [], left, right }: TableNode): void {
    for (const name of using) this.#name(name.toLowerCase(), this.#tables.keys());
    // Joined by all columns of equal names, which are written nowhere.
    if (kind === 'NATURAL') this.whole([...joinedTables(left), ...joinedTables(right)]);
  }

  #name(name: string, owners: Iterable<TableNode>): void {
    for (const owner of owners) this.#tables.get(owner)?.names.add(name);
  }
}
