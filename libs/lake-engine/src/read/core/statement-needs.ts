import { PassedConditions } from './passed-conditions.ts';
import type { RowCondition } from './row-conditions.ts';
import { baseTablesIn, eachNode, isBaseTable, isSelect, type TableNode } from './statement-tree.ts';
import { usedColumns, type UsedColumns } from './used-columns.ts';

/** What a statement needs of one table. */
export interface TableNeeds {
  /** As the statement names it first. */
  readonly catalog: string;
  readonly schema: string;
  readonly table: string;
  /** The other ways to write its name that the statement has, which differ by case: for the engine one table. */
  readonly spellings: readonly Pick<TableNeeds, 'catalog' | 'schema' | 'table'>[];
  readonly columns: UsedColumns;
  /**
   * For each place that names the table, the conditions that its rows must satisfy there; null when only the table's
   * columns are asked for there.
   */
  readonly places: readonly (readonly RowCondition[] | null)[];
}

/** Functions in a FROM that read what they are given and no table that they find by its name. */
const OWN_ROWS = new Set([
  'unnest',
  'range',
  'generate_series',
  'json_each',
  'json_tree',
  'read_csv',
  'read_csv_auto',
  'read_json',
  'read_json_auto',
  'read_parquet',
  'parquet_scan',
  'read_text',
  'read_blob',
  'glob',
]);

/**
 * What statements need of the tables of some catalogs, each table once, whatever the case of its name. Never less than
 * what they read; where something is not understood, all rows and columns. @param statements as `parseStatement` has them
 * @param catalogs in lower case
 */
export function statementNeeds(statements: unknown, catalogs: ReadonlySet<string>): TableNeeds[] {
  const conditions = new Map<TableNode, readonly RowCondition[]>();
  const passed = new PassedConditions(statements);
  const described = new Set<TableNode>();
  const named: TableNode[] = [];
  let findsTables = false;
  eachNode(statements, (node) => {
    if (isSelect(node)) for (const [table, found] of passed.of(node)) conditions.set(table, found);
    if (isBaseTable(node) && catalogs.has(catalogOf(node))) named.push(node);
    findsTables ||= node.type === 'TABLE_FUNCTION' && !OWN_ROWS.has(functionOf(node));
    // What is described is planned and not run.
    if (node.type === 'SHOW_REF' && (node as TableNode).show_type === 'DESCRIBE')
      for (const table of baseTablesIn(node)) described.add(table);
  });
  const columns = new Map<TableNode, UsedColumns>();
  const needs = [...Map.groupBy(named, idOf).values()].map((nodes): TableNeeds => {
    const used: UsedColumns = { all: findsTables, names: new Set() };
    for (const node of nodes) columns.set(node, used);
    const names = new Map(nodes.map((node) => [JSON.stringify(nameOf(node)), nameOf(node)]));
    const [first, ...spellings] = [...names.values()] as [ReturnType<typeof nameOf>];
    return {
      ...first,
      spellings,
      columns: used,
      places: findsTables
        ? [[]]
        : nodes.map((node) => (described.has(node) ? null : (conditions.get(node) ?? []))),
    };
  });
  usedColumns(statements, columns);
  return needs;
}

function nameOf(node: TableNode): Pick<TableNeeds, 'catalog' | 'schema' | 'table'> {
  const schema = node.catalog_name === '' ? '' : (node.schema_name ?? '');
  return { catalog: catalogOf(node), schema, table: node.table_name ?? '' };
}

/** Of `silver.orders` the middle part is missing: the parser takes the first for a schema. */
function catalogOf({ catalog_name: catalog = '', schema_name: schema = '' }: TableNode): string {
  return (catalog === '' ? schema : catalog).toLowerCase();
}

function idOf({ catalog_name, schema_name, table_name }: TableNode): string {
  return JSON.stringify([catalog_name, schema_name, table_name]).toLowerCase();
}

function functionOf(node: TableNode): string {
  return node.function?.function_name?.toLowerCase() ?? '';
}
