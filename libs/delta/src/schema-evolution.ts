import { PlatformError } from '@hasivu/errors';
import {
  decimalShape,
  describeType,
  sameType,
  type DeltaField,
  type DeltaStruct,
  type DeltaType,
} from './schema.ts';

/** What has to happen to a table so that it can take rows of another shape. */
export interface SchemaEvolution {
  readonly schema: DeltaStruct;
  readonly added: readonly string[];
  /** Columns whose existing files hold the narrower type and have to be rewritten with the change. */
  readonly widened: readonly string[];
}

const INTEGERS = ['byte', 'short', 'integer', 'long'];

/**
 * The table's schema, extended so that it holds every value of both. Columns the incoming shape lacks stay (and read
 * as null); a column that is narrower than the table's is stored in the table's wider type.
 * @returns null when the table already fits
 * @throws LAKE_SCHEMA_INCOMPATIBLE naming the column and both types
 */
export function evolveSchema(table: DeltaStruct, incoming: DeltaStruct): SchemaEvolution | null {
  const byName = new Map(incoming.fields.map((inner) => [inner.name.toLowerCase(), inner]));
  const added: string[] = [];
  const widened: string[] = [];
  const fields: DeltaField[] = table.fields.map((existing) => {
    const wanted = byName.get(existing.name.toLowerCase());
    byName.delete(existing.name.toLowerCase());
    if (wanted === undefined || sameType(existing.type, wanted.type)) return existing;
    const type = commonType(existing.type, wanted.type);
    if (type === null) throw incompatible(existing, wanted);
    if (sameType(type, existing.type)) return existing;
    widened.push(existing.name);
    return { ...existing, type };
  });
  for (const extra of incoming.fields) {
    if (!byName.has(extra.name.toLowerCase())) continue;
    added.push(extra.name);
    fields.push({ ...extra, nullable: true });
  }
  return added.length + widened.length === 0 ? null : { schema: { type: 'struct', fields }, added, widened };
}

/** The narrowest type that holds every value of both exactly, or null. */
export function commonType(left: DeltaType, right: DeltaType): DeltaType | null {
  if (sameType(left, right)) return left;
  if (typeof left !== 'string' || typeof right !== 'string') return commonArray(left, right);
  const leftRank = INTEGERS.indexOf(left);
  const rightRank = INTEGERS.indexOf(right);
  if (leftRank >= 0 && rightRank >= 0) return leftRank > rightRank ? left : right;
  if (isFloating(left) && isFloating(right)) return 'double';
  if (left === 'double' || right === 'double') {
    const rank = Math.max(leftRank, rightRank);
    // A double holds every 32-bit integer, not every 64-bit one.
    return rank >= 0 && rank < 3 ? 'double' : null;
  }
  return commonDecimal(left, right);
}

function commonDecimal(left: string, right: string): DeltaType | null {
  const a = decimalShape(left) ?? integerAsDecimal(left);
  const b = decimalShape(right) ?? integerAsDecimal(right);
  if (a === null || b === null) return null;
  const scale = Math.max(a.scale, b.scale);
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale;
  return precision <= 38 ? `decimal(${precision},${scale})` : null;
}

function integerAsDecimal(type: string): { precision: number; scale: number } | null {
  const digits = { byte: 3, short: 5, integer: 10, long: 19 }[type];
  return digits === undefined ? null : { precision: digits, scale: 0 };
}

function commonArray(left: DeltaType, right: DeltaType): DeltaType | null {
  if (typeof left === 'string' || typeof right === 'string') return null;
  if (left.type !== 'array' || right.type !== 'array') return null;
  const elementType = commonType(left.elementType, right.elementType);
  return elementType === null ? null : { type: 'array', elementType, containsNull: true };
}

function isFloating(type: string): boolean {
  return type === 'float' || type === 'double';
}

function incompatible(existing: DeltaField, wanted: DeltaField): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `adapting the column "${existing.name}"`,
    why: `the table holds ${describeType(existing.type)}, the source now sends ${describeType(wanted.type)}`,
    context: {
      column: existing.name,
      tableType: describeType(existing.type),
      sourceType: describeType(wanted.type),
    },
  });
}
