import { parquetMetadata, type ColumnMetaData, type FileMetaData, type SchemaElement } from 'hyparquet';
import type { Action } from './actions.ts';
import { CHECKPOINT_NODES } from './checkpoint-schema.ts';
import { ListReader, LeafReader, MapReader, StructReader, type NodeReader } from './parquet/node-reader.ts';
import { isLeaf, type GroupNode, type SchemaNode } from './parquet/parquet-schema.ts';
import { ForeignForm, readLeaf } from './parquet/read-leaf.ts';

/**
 * Actions of a checkpoint, read column by column: an object per action and none per value, page or row of the other
 * kinds. Columns that the protocol's classic checkpoint does not have (`stats_parsed`) are never unpacked.
 * @throws ForeignForm when a column is stored in a way that only the general reader knows
 */
export function readCheckpointActions(file: Buffer): Action[] {
  const metadata = footerOf(file);
  const tree = fileTree(metadata.schema);
  const actions: Action[] = [];
  for (const group of metadata.row_groups) {
    const chunks = new Map<string, ColumnMetaData>();
    for (const { meta_data: meta } of group.columns)
      if (meta) chunks.set(meta.path_in_schema.join('.'), meta);
    const rows = Number(group.num_rows);
    // One kind of action after the other: what order the rows had does not matter in a reconciled state.
    for (const node of CHECKPOINT_NODES) {
      const found = tree.children.get(node.name);
      if (found === undefined || isAbsent(node.name, chunks)) continue;
      const reader = readerOf(file, node, found, chunks);
      if (reader === null) continue;
      for (let row = 0; row < rows; row += 1) {
        const value = reader.next();
        if (value !== undefined) actions.push({ [node.name]: value } as unknown as Action);
      }
    }
  }
  return actions;
}

/** A node of the file's own schema, with the levels from which it is there. */
interface FileNode {
  readonly path: readonly string[];
  readonly definition: number;
  readonly repetition: number;
  readonly children: ReadonlyMap<string, FileNode>;
}

function fileTree(schema: readonly SchemaElement[]): FileNode {
  let next = 0;
  const visit = (parents: readonly string[], definition: number, repetition: number): FileNode => {
    const element = schema[next++] as SchemaElement;
    const isRoot = next === 1;
    const path = isRoot ? [] : [...parents, element.name];
    const kind = isRoot ? 'REQUIRED' : element.repetition_type;
    const own = definition + (kind === 'REQUIRED' ? 0 : 1);
    const repeated = repetition + (kind === 'REPEATED' ? 1 : 0);
    const children = new Map<string, FileNode>();
    for (let child = 0; child < (element.num_children ?? 0); child += 1) {
      const inner = visit(path, own, repeated);
      children.set(inner.path.at(-1) as string, inner);
    }
    return { path, definition: own, repetition: repeated, children };
  };
  return visit([], 0, 0);
}

/** Null when the file has no column for the node. */
function readerOf(
  file: Buffer,
  node: SchemaNode,
  found: FileNode,
  chunks: ReadonlyMap<string, ColumnMetaData>,
): NodeReader | null {
  if (isLeaf(node)) return leafReader(file, found, chunks);
  if (node.group === 'struct') {
    const fields = node.children.flatMap((child): (readonly [string, NodeReader])[] => {
      const inner = found.children.get(child.name);
      const reader = inner === undefined ? null : readerOf(file, child, inner, chunks);
      return reader === null ? [] : [[child.name, reader]];
    });
    return fields.length === 0 ? null : new StructReader(fields, found.definition);
  }
  return repeatedReader(file, node, found, chunks);
}

/** Lists and maps are found by place, not by name: writers call the layers between differently. */
function repeatedReader(
  file: Buffer,
  node: GroupNode,
  found: FileNode,
  chunks: ReadonlyMap<string, ColumnMetaData>,
): NodeReader | null {
  const [entries] = found.children.values();
  const [first, second] = [...(entries?.children.values() ?? [])];
  if (first === undefined || first.repetition !== 1) throw new ForeignForm(`the form of ${node.name}`);
  const keys = leafReader(file, first, chunks);
  if (node.group === 'list') return new ListReader(keys, found.definition);
  if (second === undefined) throw new ForeignForm(`the form of ${node.name}`);
  return new MapReader(keys, leafReader(file, second, chunks), found.definition);
}

function leafReader(file: Buffer, found: FileNode, chunks: ReadonlyMap<string, ColumnMetaData>): LeafReader {
  const meta = chunks.get(found.path.join('.'));
  if (meta === undefined) throw new ForeignForm(`no column ${found.path.join('.')}`);
  return new LeafReader(readLeaf(file, meta, found.definition, found.repetition), found.definition);
}

/** Field of each kind of action that is null only where the row is of another kind. */
const NEVER_NULL: Readonly<Record<string, string>> = {
  protocol: 'minReaderVersion',
  metaData: 'id',
  txn: 'appId',
  add: 'path',
  remove: 'path',
  domainMetadata: 'domain',
};

/** Whether the footer says that no row has this kind of action, so that its columns need no unpacking. */
function isAbsent(kind: string, chunks: ReadonlyMap<string, ColumnMetaData>): boolean {
  const meta = chunks.get(`${kind}.${NEVER_NULL[kind]}`);
  const nulls = meta?.statistics?.null_count;
  return meta !== undefined && nulls !== undefined && BigInt(nulls) === meta.num_values;
}

function footerOf(file: Buffer): FileMetaData {
  const footerBytes = file.readUInt32LE(file.length - 8) + 8;
  const tail = file.subarray(file.length - footerBytes);
  return parquetMetadata(
    tail.buffer.slice(tail.byteOffset, tail.byteOffset + tail.byteLength) as ArrayBuffer,
  );
}
