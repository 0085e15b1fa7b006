import type { ColumnType } from '@hasivu/change-events';

import { arrayBinaryEncoder } from './binary-array.ts';
import { decimalBinaryEncoder } from './binary-decimal.ts';
import {
  encodeBooleanBinary,
  encodeBytesBinary,
  encodeFloat32Binary,
  encodeFloat64Binary,
  encodeInt16Binary,
  encodeInt32Binary,
  encodeInt64Binary,
  encodeUint32Binary,
  encodeUuidBinary,
  encodeVersionedBinary,
} from './binary-scalar.ts';
import { encodeDateBinary, encodeTimestampBinary } from './binary-temporal.ts';
import { textOfBytes, type BinaryText } from './binary-text.ts';
import { binaryTextOf } from './binary-type-text.ts';
import { EXACT, type ColumnEncoder } from './column-encoder.ts';
import { mapColumnType, type DeclaredColumn } from './column-mapping.ts';
import type { PgType, TypeLookup } from './pg-type.ts';

/** How the values of one column are read in their binary form. */
export interface BinaryColumn {
  /** To the same Avro bytes that `textEncoderFor` makes of the value's text. */
  readonly encode: ColumnEncoder;
  readonly text: BinaryText;
}

/**
 * The binary reader of a column, or null where its type, or a type it is made of, has a binary form that is not known
 * here. Ask it before asking a server for binary: of a snapshot (`COPY … (FORMAT binary)`) such a column can be cast to
 * text while the others stay binary; of a replication stream there is one choice for all columns.
 * @param lookup knows the column's type and all that it is made of
 */
export function binaryColumnOf(column: DeclaredColumn, lookup: TypeLookup): BinaryColumn | null {
  const text = binaryTextOf(column.typeOid, lookup);
  return text && { encode: encoderOf(column, mapColumnType(column, lookup), text, lookup), text };
}

function encoderOf(
  column: DeclaredColumn,
  type: ColumnType,
  text: BinaryText,
  lookup: TypeLookup,
): ColumnEncoder {
  switch (type.kind) {
    case 'boolean':
      return encodeBooleanBinary;
    case 'int16':
      return encodeInt16Binary;
    case 'int32':
      return encodeInt32Binary;
    case 'int64':
      return baseType(column.typeOid, lookup)?.name === 'oid' ? encodeUint32Binary : encodeInt64Binary;
    case 'float32':
      return encodeFloat32Binary;
    case 'float64':
      return encodeFloat64Binary;
    case 'bytes':
      return encodeBytesBinary;
    case 'uuid':
      return encodeUuidBinary;
    case 'json':
      return text === textOfBytes ? encodeBytesBinary : encodeVersionedBinary;
    case 'date':
      return encodeDateBinary;
    case 'time':
      return encodeInt64Binary;
    case 'timestamp':
    case 'timestamptz':
      return encodeTimestampBinary;
    case 'decimal':
      return decimalBinaryEncoder(type.scale);
    case 'string':
      return text === textOfBytes ? encodeBytesBinary : renderedEncoder(text);
    case 'array':
      return arrayBinaryEncoder(elementEncoder(column, type.element, lookup));
    default:
      return type satisfies never;
  }
}

function elementEncoder(column: DeclaredColumn, element: ColumnType, lookup: TypeLookup): ColumnEncoder {
  const typeOid = baseType(column.typeOid, lookup)?.elementOid ?? 0;
  const text = binaryTextOf(typeOid, lookup);
  if (!text) throw new RangeError(`an array whose elements, of type ${typeOid}, have no binary form`);
  return encoderOf({ ...column, typeOid, dimensions: 0 }, element, text, lookup);
}

/** A type that travels on as text: rare enough for a string per value. */
function renderedEncoder(text: BinaryText): ColumnEncoder {
  return (src, start, end, out) => {
    const bytes = text(src, start, end);
    out.writeLong(bytes.length);
    out.reserve(bytes.length);
    out.pos += out.bytes.write(bytes, out.pos, 'latin1');
    return EXACT;
  };
}

function baseType(oid: number, lookup: TypeLookup): PgType | undefined {
  const type = lookup(oid);
  return type?.kind === 'd' ? baseType(type.baseOid, lookup) : type;
}
