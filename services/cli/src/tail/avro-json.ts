import type { AvroCursor } from '@hasivu/change-events';
import { shortestFloat32 } from '../terminal/shortest-float.ts';
import { logicalJson } from './avro-logical.ts';

/** Reads one value at the cursor and gives its JSON text. */
export type JsonReader = (cursor: AvroCursor) => string;

/** Avro's schema language, as much of it as any writer may use. */
export type AnySchema = string | readonly AnySchema[] | AnyObject;
export interface AnyObject {
  readonly type: AnySchema;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly { readonly name: string; readonly type: AnySchema }[];
  readonly items?: AnySchema;
  readonly values?: AnySchema;
  readonly symbols?: readonly string[];
  readonly size?: number;
  readonly logicalType?: string;
  readonly scale?: number;
}

/** A named type may be used before its own definition is finished: it is looked up when it is read. */
type NamedReaders = Map<string, JsonReader>;

/**
 * Compiles a schema into a reader of JSON text. Whole numbers keep every digit; decimals, dates and times are strings;
 * a union is the value alone, without Avro's branch name.
 */
export function avroJsonReader(schemaJson: string): JsonReader {
  return compile(JSON.parse(schemaJson) as AnySchema, '', new Map());
}

function compile(schema: AnySchema, namespace: string, named: NamedReaders): JsonReader {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? reference(schema, namespace, named);
  if (isUnion(schema)) return union(schema.map((branch) => compile(branch, namespace, named)));
  if (typeof schema.type !== 'string') return compile(schema.type, namespace, named);
  const logical = logicalJson(schema);
  if (logical) return logical;
  switch (schema.type) {
    case 'record':
    case 'error':
      return record(schema, namespace, named);
    case 'enum':
      return name(schema, namespace, named, (cursor) =>
        JSON.stringify(schema.symbols?.[cursor.readInt()] ?? null),
      );
    case 'fixed':
      return name(schema, namespace, named, fixed(schema.size ?? 0));
    case 'array':
      return array(compile(schema.items ?? 'null', namespace, named));
    case 'map':
      return map(compile(schema.values ?? 'null', namespace, named));
    default:
      return compile(schema.type, namespace, named);
  }
}

const PRIMITIVES: Readonly<Record<string, JsonReader>> = {
  null: () => 'null',
  boolean: (cursor) => String(cursor.readBoolean()),
  int: (cursor) => String(cursor.readInt()),
  long: (cursor) => String(cursor.readLongBigInt()),
  float: (cursor) => floatJson(shortestFloat32(cursor.readFloat())),
  double: (cursor) => floatJson(cursor.readDouble()),
  string: (cursor) => JSON.stringify(cursor.readString()),
  bytes: (cursor) => {
    cursor.readBytes();
    return hexJson(cursor.buf.subarray(cursor.start, cursor.stop));
  },
};

function isUnion(schema: AnySchema): schema is readonly AnySchema[] {
  return Array.isArray(schema);
}

function reference(typeName: string, namespace: string, named: NamedReaders): JsonReader {
  const full = fullName(typeName, namespace);
  return (cursor) => {
    const reader = named.get(full) ?? named.get(typeName);
    if (!reader) throw new TypeError(`the schema names the type ${typeName} and does not define it`);
    return reader(cursor);
  };
}

function union(branches: readonly JsonReader[]): JsonReader {
  return (cursor) => {
    const reader = branches[cursor.readBranch(branches.length)];
    return reader ? reader(cursor) : 'null';
  };
}

function record(schema: AnyObject, namespace: string, named: NamedReaders): JsonReader {
  const inner = namespaceOf(schema, namespace);
  let parts: readonly { readonly label: string; readonly read: JsonReader }[] = [];
  const reader = name(
    schema,
    namespace,
    named,
    (cursor) => `{${parts.map(({ label, read }) => label + read(cursor)).join(',')}}`,
  );
  parts = (schema.fields ?? []).map((field) => ({
    label: `${JSON.stringify(field.name)}:`,
    read: compile(field.type, inner, named),
  }));
  return reader;
}

function array(item: JsonReader): JsonReader {
  return (cursor) => {
    const items: string[] = [];
    eachBlock(cursor, () => items.push(item(cursor)));
    return `[${items.join(',')}]`;
  };
}

function map(value: JsonReader): JsonReader {
  return (cursor) => {
    const entries: string[] = [];
    eachBlock(cursor, () => entries.push(`${JSON.stringify(cursor.readString())}:${value(cursor)}`));
    return `{${entries.join(',')}}`;
  };
}

/** Blocks of counted items; a negative count is followed by the block's size in bytes. */
function eachBlock(cursor: AvroCursor, onItem: () => void): void {
  for (let count = cursor.readLongNumber(); count !== 0; count = cursor.readLongNumber()) {
    if (count < 0) cursor.skipLong();
    for (let left = Math.abs(count); left > 0; left -= 1) onItem();
  }
}

function fixed(sizeBytes: number): JsonReader {
  return (cursor) => {
    const start = cursor.pos;
    cursor.skip(sizeBytes);
    return hexJson(cursor.buf.subarray(start, start + sizeBytes));
  };
}

function name(schema: AnyObject, namespace: string, named: NamedReaders, reader: JsonReader): JsonReader {
  named.set(fullName(schema.name ?? '', namespaceOf(schema, namespace)), reader);
  return reader;
}

function namespaceOf(schema: AnyObject, outer: string): string {
  const typeName = schema.name ?? '';
  if (typeName.includes('.')) return typeName.slice(0, typeName.lastIndexOf('.'));
  return schema.namespace ?? outer;
}

function fullName(typeName: string, namespace: string): string {
  return typeName.includes('.') || namespace === '' ? typeName : `${namespace}.${typeName}`;
}

/** JSON has no NaN and no infinities: they are strings. */
function floatJson(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
}

/** Bytes as Postgres prints them. */
function hexJson(bytes: Buffer): string {
  return JSON.stringify(`\\x${bytes.toString('hex')}`);
}
