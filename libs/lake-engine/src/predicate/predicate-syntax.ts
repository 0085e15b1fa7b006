/** A node of the syntax tree as the engine's `json_serialize_sql` gives it: only what is walked here is named. */
export interface SyntaxNode {
  readonly class?: string;
  readonly type?: string;
  readonly column_names?: readonly string[];
  readonly function_name?: string;
  readonly children?: readonly SyntaxNode[];
  readonly left?: SyntaxNode;
  readonly right?: SyntaxNode;
  readonly input?: SyntaxNode;
  readonly lower?: SyntaxNode;
  readonly upper?: SyntaxNode;
}

/** Kinds of expressions that say something of one row by its own values. */
const CLASSES = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
]);
/** Parts of a SELECT that a predicate is not, with what they are when they are not there. */
const PARTS = ['having', 'sample', 'qualify'];
const LISTS = ['modifiers', 'group_expressions', 'group_sets'];

interface SelectNode {
  readonly [part: string]: unknown;
  readonly type?: string;
  readonly where_clause?: SyntaxNode | null;
  readonly from_table?: { readonly type?: string };
}

/** The condition of `SELECT 1 FROM t WHERE …`, or null when the text made more of the statement than that. */
export function conditionOf(statement: { readonly node?: SelectNode }): SyntaxNode | null {
  const { node } = statement;
  if (node?.type !== 'SELECT_NODE' || node.from_table?.type !== 'BASE_TABLE') return null;
  if (PARTS.some((part) => node[part] !== null && node[part] !== undefined)) return null;
  if (LISTS.some((part) => Array.isArray(node[part]) && node[part].length > 0)) return null;
  return node.where_clause ?? null;
}

/** What the condition uses that a predicate may not, as a sentence's end; null when it is one. */
export function objectionTo(
  condition: SyntaxNode,
  columns: ReadonlySet<string>,
  functions: ReadonlySet<string>,
): string | null {
  let objection: string | null = null;
  walk(condition, (node) => {
    if (objection !== null || node.class === undefined) return;
    if (!CLASSES.has(node.class)) objection = `${node.class.toLowerCase()} expressions are none of it`;
    else if (node.class === 'COLUMN_REF') {
      const name = node.column_names?.[0] ?? '';
      if (!columns.has(name.toLowerCase())) objection = `there is no column ${name}`;
    } else if (node.class === 'FUNCTION') {
      const name = (node.function_name ?? '').toLowerCase();
      if (!functions.has(name)) objection = `the function ${name} is none of it`;
    }
  });
  return objection;
}

function walk(value: unknown, visit: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) return value.forEach((item) => walk(item, visit));
  if (value === null || typeof value !== 'object') return;
  visit(value);
  for (const child of Object.values(value)) walk(child, visit);
}
