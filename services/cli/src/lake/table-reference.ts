import { PlatformError } from '@hasivu/errors';

/** A table of the lake as a statement names it. */
export interface TableReference {
  /** bronze, silver, history or curated. */
  readonly layer: string;
  /** Source schema, or the pipeline for curated. */
  readonly schema: string;
  readonly table: string;
}

export const LAYERS: readonly string[] = ['bronze', 'silver', 'history', 'curated'];

/** The syntax tree as DuckDB's json_serialize_sql gives it: only what is walked here is named. */
interface SyntaxNode {
  readonly type?: unknown;
  readonly catalog_name?: unknown;
  readonly schema_name?: unknown;
  readonly table_name?: unknown;
}

/** Every table of the lake that the statement names, each once; common table expressions and other names are passed over. */
export function tableReferences(serializedSql: unknown): TableReference[] {
  const found = new Map<string, TableReference>();
  walk(serializedSql, (node) => {
    const [layer, schema, table] = [text(node.catalog_name), text(node.schema_name), text(node.table_name)];
    if (LAYERS.includes(layer)) found.set(JSON.stringify([layer, schema, table]), { layer, schema, table });
    // `silver.orders` parses as schema and table: the middle part is missing, which the look-up then says.
    else if (layer === '' && LAYERS.includes(schema))
      found.set(JSON.stringify([schema, '', table]), { layer: schema, schema: '', table });
  });
  return [...found.values()];
}

/** `silver.public.orders`, or with slashes as the lake has it. @throws PlatformError CLI_TABLE_UNKNOWN */
export function parseReference(name: string): TableReference {
  const [layer = '', schema = '', table = '', ...more] = name.split(name.includes('/') ? '/' : '.');
  if (table !== '' && schema !== '' && layer !== '' && more.length === 0) return { layer, schema, table };
  throw unknownTable(name);
}

/** @param why where more can be said than that there is no such table */
export function unknownTable(name: string, why?: string): PlatformError {
  return new PlatformError('CLI_TABLE_UNKNOWN', {
    doing: `opening the table ${name}`,
    ...(why === undefined ? {} : { why }),
    context: { table: name },
  });
}

export function describeReference({ layer, schema, table }: TableReference): string {
  return [layer, ...(schema ? [schema] : []), table].join('.');
}

function walk(value: unknown, onBaseTable: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) return value.forEach((item) => walk(item, onBaseTable));
  if (value === null || typeof value !== 'object') return;
  const node = value as SyntaxNode;
  if (node.type === 'BASE_TABLE') onBaseTable(node);
  for (const child of Object.values(value)) walk(child, onBaseTable);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
