/** Physical types, with the numbers of Parquet's Thrift definition. */
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, bytes: 6, fixed: 7 } as const;
export type PhysicalType = keyof typeof PHYSICAL;

/** What the bytes of a leaf mean, beyond their physical type. */
export type LogicalType =
  | { readonly kind: 'string' | 'date' }
  | { readonly kind: 'integer'; readonly bits: 8 | 16 }
  | { readonly kind: 'timestamp'; readonly utc: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number };

export type Repetition = 'required' | 'optional' | 'repeated';

export interface LeafNode {
  readonly name: string;
  readonly repetition: Repetition;
  readonly physical: PhysicalType;
  readonly fieldId?: number;
  readonly byteLength?: number;
  readonly logical?: LogicalType;
}

export interface GroupNode {
  readonly name: string;
  readonly repetition: Repetition;
  readonly group: 'struct' | 'list' | 'map';
  readonly fieldId?: number;
  readonly children: readonly SchemaNode[];
}

export type SchemaNode = LeafNode | GroupNode;

/** A leaf with its place in the tree and the levels that say how much of its path is present. */
export interface LeafPath {
  readonly node: LeafNode;
  readonly path: readonly string[];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

export function isLeaf(node: SchemaNode): node is LeafNode {
  return 'physical' in node;
}

/** Leaves in file order, depth first. */
export function leavesOf(nodes: readonly SchemaNode[]): LeafPath[] {
  const leaves: LeafPath[] = [];
  const visit = (
    node: SchemaNode,
    parents: readonly string[],
    definition: number,
    repetition: number,
  ): void => {
    const path = [...parents, node.name];
    const maxDefinition = definition + (node.repetition === 'required' ? 0 : 1);
    const maxRepetition = repetition + (node.repetition === 'repeated' ? 1 : 0);
    if (isLeaf(node)) leaves.push({ node, path, maxDefinition, maxRepetition });
    else for (const child of node.children) visit(child, path, maxDefinition, maxRepetition);
  };
  for (const node of nodes) visit(node, [], 0, 0);
  return leaves;
}

/** A nullable list column in the three-level form every reader knows. */
export function listNode(name: string, element: SchemaNode): GroupNode {
  return {
    name,
    repetition: 'optional',
    group: 'list',
    children: [{ name: 'list', repetition: 'repeated', group: 'struct', children: [element] }],
  };
}

/** A nullable map column. */
export function mapNode(name: string, key: SchemaNode, value: SchemaNode): GroupNode {
  return {
    name,
    repetition: 'optional',
    group: 'map',
    children: [{ name: 'key_value', repetition: 'repeated', group: 'struct', children: [key, value] }],
  };
}

/** Bytes that a two's complement decimal of this precision needs. */
export function decimalByteLength(precision: number): number {
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) <= 10n ** BigInt(precision)) bytes += 1;
  return bytes;
}
