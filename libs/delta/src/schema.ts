import { PlatformError } from '@hasivu/errors';

/** Primitive names of Delta's schema, e.g. `long`, `decimal(10,2)`, `timestamp_ntz`. */
export type DeltaType = string | DeltaArray | DeltaMap | DeltaStruct;

export interface DeltaArray {
  readonly type: 'array';
  readonly elementType: DeltaType;
  readonly containsNull: boolean;
}

export interface DeltaMap {
  readonly type: 'map';
  readonly keyType: DeltaType;
  readonly valueType: DeltaType;
  readonly valueContainsNull: boolean;
}

export interface DeltaStruct {
  readonly type: 'struct';
  readonly fields: readonly DeltaField[];
}

export interface DeltaField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface DecimalShape {
  readonly precision: number;
  readonly scale: number;
}

const DECIMAL = /^decimal\((\d+),\s*(-?\d+)\)$/;

/** A nullable field. */
export function field(
  name: string,
  type: DeltaType,
  metadata: Readonly<Record<string, unknown>> = {},
): DeltaField {
  return { name, type, nullable: true, metadata };
}

export function arrayOf(elementType: DeltaType): DeltaArray {
  return { type: 'array', elementType, containsNull: true };
}

/** Precision and scale, or null when the type is no decimal. */
export function decimalShape(type: DeltaType): DecimalShape | null {
  const match = typeof type === 'string' ? DECIMAL.exec(type) : null;
  return match === null ? null : { precision: Number(match[1]), scale: Number(match[2]) };
}

/** @throws LAKE_LOG_CORRUPT when the text is not a schema; names must be unique ignoring case. */
export function parseSchema(schemaString: string): DeltaStruct {
  let parsed: unknown;
  try {
    parsed = JSON.parse(schemaString);
  } catch (error) {
    throw new PlatformError('LAKE_LOG_CORRUPT', {
      doing: 'reading a table’s schema',
      why: 'schemaString is not JSON',
      cause: error,
    });
  }
  const schema = parsed as Partial<DeltaStruct> | null;
  if (schema?.type !== 'struct' || !Array.isArray(schema.fields)) {
    throw new PlatformError('LAKE_LOG_CORRUPT', {
      doing: 'reading a table’s schema',
      why: 'schemaString is not a struct',
    });
  }
  return schema as DeltaStruct;
}

export function schemaString(schema: DeltaStruct): string {
  return JSON.stringify(schema);
}

/** `array<long>`, `struct<a: string>`: for messages. */
export function describeType(type: DeltaType): string {
  if (typeof type === 'string') return type;
  if (type.type === 'array') return `array<${describeType(type.elementType)}>`;
  if (type.type === 'map') return `map<${describeType(type.keyType)}, ${describeType(type.valueType)}>`;
  return `struct<${type.fields.map((inner) => `${inner.name}: ${describeType(inner.type)}`).join(', ')}>`;
}

export function sameType(left: DeltaType, right: DeltaType): boolean {
  return describeType(left) === describeType(right);
}

/** Whether the schema, at any depth, holds a timestamp without a zone, which is a table feature. */
export function usesTimestampNtz(type: DeltaType): boolean {
  if (typeof type === 'string') return type === 'timestamp_ntz';
  if (type.type === 'array') return usesTimestampNtz(type.elementType);
  if (type.type === 'map') return usesTimestampNtz(type.keyType) || usesTimestampNtz(type.valueType);
  return type.fields.some((inner) => usesTimestampNtz(inner.type));
}
