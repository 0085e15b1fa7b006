import type { Schema } from './avro-records.ts';
import type { Pair } from './change-pairs.ts';

/** A value and its type, without the union with null. */
export interface Typed {
  readonly type: Type;
  readonly value: unknown;
}

/** What differs in one place of one pair, or of one pair of schemas. A side that lacks the place is null. */
export interface Difference {
  readonly table: string;
  /** `c u d r t m`; `schema` for what differs in the schemas alone. */
  readonly op: string;
  /** `after.total`, `source.sequence`, `header.__debezium.newkey`, `after.tags[]`. */
  readonly path: string;
  readonly debezium: Typed | null;
  readonly ours: Typed | null;
  /** The column's type as Postgres names it, where the place is a column. */
  readonly pgType: string;
  readonly column: string;
  /** Absent for schemas. */
  readonly pair: Pair | null;
}

export interface Rule {
  /** Stands in `docs/debezium-differences.md`. */
  readonly id: string;
  readonly explains: (difference: Difference) => boolean;
}

export interface Type {
  /** Avro's base type. */
  readonly base: string;
  readonly nullable: boolean;
  /** Debezium's semantic type, or Avro's logical type. */
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

const CACHE = new WeakMap<object, Type>();

/** Looks through the union with null and the names of types. */
export function typeOf(schema: Schema): Type {
  if (typeof schema === 'string') {
    // A record that was described before stands by its name.
    const named = schema.includes('.');
    return { base: named ? 'record' : schema, nullable: false, name: named ? schema : '', schema: {} };
  }
  const known = CACHE.get(schema);
  if (known) return known;
  const type = readType(schema);
  CACHE.set(schema, type);
  return type;
}

function readType(schema: Exclude<Schema, string>): Type {
  if (Array.isArray(schema)) {
    const inner = (schema as readonly Schema[]).find((branch) => branch !== 'null');
    return { ...typeOf(inner ?? 'null'), nullable: true };
  }
  const one = schema as Readonly<Record<string, unknown>>;
  const { type } = one;
  if (typeof type !== 'string') return typeOf(type as Schema);
  const name = (one['connect.name'] ?? one['logicalType'] ?? '') as string;
  return { base: type, nullable: false, name, schema: one };
}
