import {
  decimalByteLength,
  listNode,
  mapNode,
  type LeafNode,
  type Repetition,
  type SchemaNode,
} from './parquet/parquet-schema.ts';
import { columnId } from './column-mapping/mapping-property.ts';
import { decimalShape, type DeltaField, type DeltaType } from './schema.ts';

/**
 * Parquet nodes that store these Delta fields, by the types that PROTOCOL.md names. Of a table with a column mapping these
 * are the fields as its files have them (`state.columns.storedFields`).
 */
export function parquetNodes(fields: readonly DeltaField[]): SchemaNode[] {
  return fields.map((inner) => {
    const node = nodeOf(inner.name, inner.type, inner.nullable ? 'optional' : 'required');
    const fieldId = columnId(inner);
    return fieldId === undefined ? node : { ...node, fieldId };
  });
}

function nodeOf(name: string, type: DeltaType, repetition: Repetition): SchemaNode {
  if (typeof type === 'string') return leafOf(name, type, repetition);
  if (type.type === 'array') return listNode(name, nodeOf('element', type.elementType, 'optional'));
  if (type.type === 'map')
    return mapNode(
      name,
      nodeOf('key', type.keyType, 'required'),
      nodeOf('value', type.valueType, 'optional'),
    );
  return { name, repetition, group: 'struct', children: parquetNodes(type.fields) };
}

function leafOf(name: string, type: string, repetition: Repetition): LeafNode {
  const base = { name, repetition };
  switch (type) {
    case 'boolean':
      return { ...base, physical: 'boolean' };
    case 'byte':
      return { ...base, physical: 'int32', logical: { kind: 'integer', bits: 8 } };
    case 'short':
      return { ...base, physical: 'int32', logical: { kind: 'integer', bits: 16 } };
    case 'integer':
      return { ...base, physical: 'int32' };
    case 'long':
      return { ...base, physical: 'int64' };
    case 'float':
      return { ...base, physical: 'float' };
    case 'double':
      return { ...base, physical: 'double' };
    case 'string':
      return { ...base, physical: 'bytes', logical: { kind: 'string' } };
    case 'binary':
      return { ...base, physical: 'bytes' };
    case 'date':
      return { ...base, physical: 'int32', logical: { kind: 'date' } };
    case 'timestamp':
      return { ...base, physical: 'int64', logical: { kind: 'timestamp', utc: true } };
    case 'timestamp_ntz':
      return { ...base, physical: 'int64', logical: { kind: 'timestamp', utc: false } };
    default:
      return decimalLeaf(base, type);
  }
}

/** The physical type Spark writes for the precision, so that every reader's fast path takes it. */
function decimalLeaf(base: { name: string; repetition: Repetition }, type: string): LeafNode {
  const shape = decimalShape(type);
  if (shape === null) throw new TypeError(`the Delta type ${type} of column ${base.name} is not supported`);
  const logical = { kind: 'decimal', ...shape } as const;
  if (shape.precision <= 9) return { ...base, physical: 'int32', logical };
  if (shape.precision <= 18) return { ...base, physical: 'int64', logical };
  return { ...base, physical: 'fixed', byteLength: decimalByteLength(shape.precision), logical };
}
