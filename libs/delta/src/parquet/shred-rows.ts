import { BytesColumn } from './byte-columns.ts';
import { BooleanColumn, Int32Column, Int64Column } from './number-columns.ts';
import type { TypedColumn } from './parquet-file.ts';
import { isLeaf, type SchemaNode } from './parquet-schema.ts';

/** A nested value as JSON has it; maps are plain objects. */
export type NestedValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly NestedValue[]
  | { readonly [name: string]: NestedValue };

/**
 * Writes one nested row into a file's leaf columns (Dremel's shredding). For checkpoints, where rows are few; the
 * sink's rows never become objects.
 */
export function shredRow(
  nodes: readonly SchemaNode[],
  columns: readonly TypedColumn[],
  row: { readonly [name: string]: NestedValue },
): void {
  const at = { leaf: 0 };
  for (const node of nodes) shred(node, row[node.name], 0, 0, columns, at);
}

interface LeafCounter {
  leaf: number;
}

function shred(
  node: SchemaNode,
  value: NestedValue,
  definition: number,
  repetition: number,
  columns: readonly TypedColumn[],
  at: LeafCounter,
): void {
  const absent = value === null || value === undefined;
  if (absent && node.repetition !== 'required') return skip(node, definition, repetition, columns, at);
  if (absent && isLeaf(node)) throw new TypeError(`the required field ${node.name} has no value`);
  const present = definition + (node.repetition === 'required' ? 0 : 1);
  if (isLeaf(node))
    return put(columns[at.leaf++] as TypedColumn, value as string | number | boolean, present, repetition);
  if (node.group === 'struct') {
    const fields = (value ?? {}) as { readonly [name: string]: NestedValue };
    for (const child of node.children) shred(child, fields[child.name], present, repetition, columns, at);
    return;
  }
  const repeated = node.children[0] as SchemaNode & { children: readonly SchemaNode[] };
  const items =
    node.group === 'list'
      ? (value as readonly NestedValue[]).map((element) => ({ element }))
      : entriesOf(value);
  if (items.length === 0) return skip(repeated, present, repetition, columns, at);
  const first = at.leaf;
  items.forEach((item, index) => {
    at.leaf = first;
    const level = index === 0 ? repetition : repetition + 1;
    for (const child of repeated.children)
      shred(child, (item as Record<string, NestedValue>)[child.name], present + 1, level, columns, at);
  });
}

function entriesOf(value: NestedValue): { key: string; value: NestedValue }[] {
  return Object.entries(value as Record<string, NestedValue>).map(([key, inner]) => ({ key, value: inner }));
}

/** Every leaf below gets one null at the level that is still present. */
function skip(
  node: SchemaNode,
  definition: number,
  repetition: number,
  columns: readonly TypedColumn[],
  at: LeafCounter,
): void {
  if (!isLeaf(node)) for (const child of node.children) skip(child, definition, repetition, columns, at);
  else (columns[at.leaf++] as TypedColumn).level(definition, repetition);
}

function put(
  column: TypedColumn,
  value: string | number | boolean,
  definition: number,
  repetition: number,
): void {
  column.level(definition, repetition);
  if (column instanceof BytesColumn) column.appendText(String(value));
  else if (column instanceof Int64Column) column.appendBigInt(BigInt(value));
  else if (column instanceof BooleanColumn) column.append(value === true);
  else if (column instanceof Int32Column) column.append(Number(value));
  else throw new TypeError(`no values for ${column.leaf.path.join('.')}`);
}
