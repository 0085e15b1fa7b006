import { outputOf } from './plain-output.ts';
import { rowConditions, type PassedCondition, type RowCondition } from './row-conditions.ts';
import {
  eachNode,
  isBaseTable,
  isSelect,
  joinedTables,
  type AnyNode,
  type SelectNode,
  type TableNode,
} from './statement-tree.ts';

/** The one place in a FROM that the rows of a SELECT go to. */
interface Reader {
  readonly select: SelectNode;
  readonly table: TableNode;
}

interface NamedQuery {
  readonly key?: string;
  readonly value?: { readonly aliases?: readonly string[]; readonly query?: { readonly node?: AnyNode } };
}

interface WithNames extends AnyNode {
  readonly cte_map?: { readonly map?: readonly NamedQuery[] };
}

/**
 * Conditions on the rows of all tables of a statement. What is asked of the rows of a subquery in a FROM, or of a WITH that
 * one place reads, is asked of the tables that they come from, where they come through with nothing but their columns
 * chosen and renamed.
 */
export class PassedConditions {
  readonly #readers: ReadonlyMap<SelectNode, Reader>;
  readonly #found = new Map<SelectNode, ReadonlyMap<TableNode, readonly RowCondition[]>>();

  constructor(statements: unknown) {
    this.#readers = readersIn(statements);
  }

  /** Of the tables and subqueries right in the FROM of a SELECT. */
  of(select: SelectNode): ReadonlyMap<TableNode, readonly RowCondition[]> {
    const known = this.#found.get(select);
    if (known !== undefined) return known;
    // A WITH that reads its own name reads another table.
    this.#found.set(select, new Map());
    const found = rowConditions(select, this.#passedTo(select));
    this.#found.set(select, found);
    return found;
  }

  #passedTo(select: SelectNode): PassedCondition[] {
    const reader = this.#readers.get(select);
    const output = reader === undefined ? null : outputOf(select);
    if (reader === undefined || output === null) return [];
    const asked = this.of(reader.select).get(reader.table) ?? [];
    return asked.map(({ node, ifRejectsNull, resolve }) => ({
      node,
      ifRejectsNull,
      refer: (parts) => {
        const column = resolve(parts);
        return column === null ? null : output(column);
      },
    }));
  }
}

function readersIn(statements: unknown): Map<SelectNode, Reader> {
  const readers = new Map<SelectNode, Reader>();
  const named: NamedQuery[] = [];
  const places: { readonly table: TableNode; readonly within: SelectNode | null }[] = [];
  eachNode(statements, (node, within) => {
    if (isSelect(node))
      for (const table of joinedTables(node.from_table)) {
        const query = table.type === 'SUBQUERY' ? table.subquery?.node : undefined;
        if (query !== undefined && isSelect(query)) readers.set(query, { select: node, table });
      }
    if (isBaseTable(node) && isUnqualified(node)) places.push({ table: node, within });
    named.push(...((node as WithNames).cte_map?.map ?? []));
  });
  const byName = Map.groupBy(places, ({ table }) => (table.table_name ?? '').toLowerCase());
  for (const [name, queries] of Map.groupBy(named, ({ key = '' }) => key.toLowerCase())) {
    const [query, another] = queries;
    const [place, second] = byName.get(name) ?? [];
    // Which of two is meant is a matter of scopes, and of two places each would need rows of its own.
    if (another !== undefined || second !== undefined || !place?.within) continue;
    const { aliases = [], query: { node } = {} } = query?.value ?? {};
    if (aliases.length === 0 && node !== undefined && isSelect(node))
      readers.set(node, { select: place.within, table: place.table });
  }
  return readers;
}

function isUnqualified({ catalog_name: catalog = '', schema_name: schema = '' }: TableNode): boolean {
  return catalog === '' && schema === '';
}
