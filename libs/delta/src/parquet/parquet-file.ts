import { BytesColumn, FixedColumn } from './byte-columns.ts';
import { physicalNumber, type ColumnChunk, type LeafColumn, type PageCompressor } from './leaf-column.ts';
import { BooleanColumn, FloatColumn, Int32Column, Int64Column } from './number-columns.ts';
import { PAGE_CODEC, type PageCodec } from './page-codec.ts';
import {
  isLeaf,
  leavesOf,
  PHYSICAL,
  type LeafNode,
  type LeafPath,
  type SchemaNode,
} from './parquet-schema.ts';
import { ThriftCompactWriter } from './thrift-compact-writer.ts';

const MAGIC = Buffer.from('PAR1');
const REPETITION = { required: 0, optional: 1, repeated: 2 } as const;

export interface ParquetFileOptions {
  readonly nodes: readonly SchemaNode[];
  readonly codec: PageCodec;
  /** For all columns, or the one of each. */
  readonly compress: PageCompressor | Compression;
  readonly createdBy: string;
}

/** Who compresses the pages of the column at this path. */
export interface Compression {
  of(path: readonly string[]): PageCompressor;
}

export type TypedColumn = Int32Column | Int64Column | FloatColumn | BooleanColumn | BytesColumn | FixedColumn;

/** A row group that was written. */
interface RowGroup {
  readonly chunks: readonly ColumnChunk[];
  /** Where each chunk begins. */
  readonly offsets: readonly number[];
  readonly rows: number;
}

/** A Parquet file being written column by column: append to `columns`, then `finish`. */
export class ParquetFile {
  readonly columns: readonly TypedColumn[];
  readonly #options: ParquetFileOptions;
  readonly #parts: Uint8Array[] = [MAGIC];
  #offset = MAGIC.length;
  readonly #groups: RowGroup[] = [];
  #groupedRows = 0;

  constructor(options: ParquetFileOptions) {
    this.#options = options;
    const { nodes, compress } = options;
    this.columns = leavesOf(nodes).map((leaf) =>
      openColumn(leaf, typeof compress === 'function' ? compress : compress.of(leaf.path)),
    );
  }

  get heldBytes(): number {
    let held = 0;
    for (const column of this.columns) held += column.heldBytes;
    return held;
  }

  /** Ends a row group, of which readers hold one at a time. Every column must hold `rowCount` rows, of all groups. */
  endRowGroup(rowCount: number): void {
    if (rowCount > this.#groupedRows)
      this.#addGroup(
        rowCount,
        this.columns.map((column) => column.endChunk()),
      );
  }

  /** The file's bytes. Every column must hold `rowCount` rows. */
  finish(rowCount: number): Buffer {
    const chunks = this.columns.map((column) => column.finish());
    if (rowCount > this.#groupedRows) this.#addGroup(rowCount, chunks);
    const parts = this.#parts;
    const footer = this.#footer(rowCount);
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(footer.length, 0);
    MAGIC.copy(tail, 4);
    parts.push(footer, tail);
    return Buffer.concat(parts);
  }

  #addGroup(rowCount: number, chunks: readonly ColumnChunk[]): void {
    const offsets: number[] = [];
    for (const chunk of chunks) {
      offsets.push(this.#offset);
      for (const page of chunk.pages) this.#parts.push(page);
      this.#offset += chunk.compressedBytes;
    }
    this.#groups.push({ chunks, offsets, rows: rowCount - this.#groupedRows });
    this.#groupedRows = rowCount;
  }

  #footer(rowCount: number): Buffer {
    const { nodes, createdBy, codec } = this.#options;
    const out = new ThriftCompactWriter();
    out.i32(1, 1);
    out.structs(2, flattened(nodes), (element) => writeSchemaElement(out, element));
    out.i64(3, rowCount);
    out.structs(4, this.#groups, ({ chunks, offsets, rows }) => {
      out.structs(1, chunks, (chunk) => {
        const index = chunks.indexOf(chunk);
        writeChunk(
          out,
          chunk,
          this.columns[index] as LeafColumn,
          offsets[index] as number,
          PAGE_CODEC[codec],
        );
      });
      out.i64(
        2,
        chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0),
      );
      out.i64(3, rows);
    });
    out.text(6, createdBy);
    // Without column orders readers ignore min_value and max_value.
    out.structs(7, this.columns, () => out.struct(1, () => undefined));
    return out.end();
  }
}

function openColumn(leaf: LeafPath, compress: PageCompressor): TypedColumn {
  switch (leaf.node.physical) {
    case 'boolean':
      return new BooleanColumn(leaf, compress);
    case 'int32':
      return new Int32Column(leaf, compress);
    case 'int64':
      return new Int64Column(leaf, compress);
    case 'float':
    case 'double':
      return new FloatColumn(leaf, compress);
    case 'bytes':
      return new BytesColumn(leaf, compress);
    case 'fixed':
      return new FixedColumn(leaf, compress);
    default:
      return leaf.node.physical satisfies never;
  }
}

interface FlatElement {
  readonly node: SchemaNode | null;
  readonly children: number;
}

function flattened(nodes: readonly SchemaNode[]): FlatElement[] {
  const flat: FlatElement[] = [{ node: null, children: nodes.length }];
  const visit = (node: SchemaNode): void => {
    flat.push({ node, children: isLeaf(node) ? 0 : node.children.length });
    if (!isLeaf(node)) node.children.forEach(visit);
  };
  nodes.forEach(visit);
  return flat;
}

function writeSchemaElement(out: ThriftCompactWriter, { node, children }: FlatElement): void {
  if (node === null) {
    out.text(4, 'schema').i32(5, children);
    return;
  }
  if (!isLeaf(node)) {
    out.i32(3, REPETITION[node.repetition]).text(4, node.name).i32(5, children);
    if (node.group !== 'struct') out.i32(6, node.group === 'list' ? 3 : 1);
    if (node.fieldId !== undefined) out.i32(9, node.fieldId);
    if (node.group === 'list') out.struct(10, () => out.struct(3, () => undefined));
    if (node.group === 'map') out.struct(10, () => out.struct(2, () => undefined));
    return;
  }
  out.i32(1, PHYSICAL[node.physical]);
  if (node.byteLength !== undefined) out.i32(2, node.byteLength);
  out.i32(3, REPETITION[node.repetition]).text(4, node.name);
  writeLogicalType(out, node);
}

/** Converted types (field 6) for readers from before logical types (field 10); the field id stands between them. */
function writeLogicalType(out: ThriftCompactWriter, { logical, fieldId }: LeafNode): void {
  const withId = (): ThriftCompactWriter => (fieldId === undefined ? out : out.i32(9, fieldId));
  switch (logical?.kind) {
    case undefined:
      withId();
      return;
    case 'string':
      out.i32(6, 0);
      withId().struct(10, () => out.struct(1, () => undefined));
      return;
    case 'date':
      out.i32(6, 6);
      withId().struct(10, () => out.struct(6, () => undefined));
      return;
    case 'decimal':
      out.i32(6, 5).i32(7, logical.scale).i32(8, logical.precision);
      withId().struct(10, () => out.struct(5, () => out.i32(1, logical.scale).i32(2, logical.precision)));
      return;
    case 'timestamp':
      // No converted type stands for a local timestamp: an old reader would take it for UTC.
      if (logical.utc) out.i32(6, 10);
      withId().struct(10, () =>
        out.struct(8, () => out.bool(1, logical.utc).struct(2, () => out.struct(2, () => undefined))),
      );
      return;
    case 'integer':
      out.i32(6, logical.bits === 8 ? 15 : 16);
      withId().struct(10, () => out.struct(10, () => out.byte(1, logical.bits).bool(2, true)));
      return;
    default:
      logical satisfies never;
  }
}

function writeChunk(
  out: ThriftCompactWriter,
  chunk: ColumnChunk,
  column: LeafColumn,
  offset: number,
  codec: number,
): void {
  const { dictionaryBytes, encodings } = chunk;
  out.i64(2, offset);
  out.struct(3, () => {
    out.i32(1, physicalNumber(column.leaf)).i32s(2, encodings).texts(3, column.leaf.path);
    out
      .i32(4, codec)
      .i64(5, chunk.valueCount)
      .i64(6, chunk.uncompressedBytes)
      .i64(7, chunk.compressedBytes)
      .i64(9, offset + dictionaryBytes);
    if (dictionaryBytes > 0) out.i64(11, offset);
    out.struct(12, () => {
      out.i64(3, chunk.nullCount);
      if (chunk.bounds !== null) out.binary(5, chunk.bounds.max).binary(6, chunk.bounds.min);
    });
  });
}
