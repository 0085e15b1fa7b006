import { UNAVAILABLE_VALUE } from '@hasivu/change-events';

import type { Difference, Rule, Typed } from '../difference.ts';
import { microsOfIso } from './calendar.ts';
import { bigOf } from './postgres-text.ts';

const unavailable = ({ pair, column }: Difference): boolean =>
  ((pair?.ours.value.value['unavailable'] ?? []) as readonly string[]).includes(column);

/** Debezium's stand-in in a type that is no text: its characters, or nothing where those are no value of the type. */
function isStandIn({ type, value }: Typed): boolean {
  if (value === null) return type.name === 'io.debezium.data.VariableScaleDecimal';
  if (Buffer.isBuffer(value)) return value.toString() === UNAVAILABLE_VALUE;
  if (type.name === 'io.debezium.data.Json')
    return value === JSON.stringify({ [UNAVAILABLE_VALUE]: UNAVAILABLE_VALUE });
  if (!Array.isArray(value)) return false;
  return value.length === 1
    ? value[0] === UNAVAILABLE_VALUE
    : String.fromCharCode(...value.map(Number)) === UNAVAILABLE_VALUE;
}

const withoutTheRow: Rule = {
  id: 'unavailable-values',
  explains: (difference) => {
    const { debezium, path } = difference;
    return debezium !== null && path.startsWith('after.') && unavailable(difference) && isStandIn(debezium);
  },
};

/** Connect's converters write the default of a column in the place of its null. */
const nullAsDefault: Rule = {
  id: 'null-as-default',
  explains: ({ debezium, ours }) => {
    if (
      !debezium?.type.nullable ||
      debezium.type.schema['connect.default'] === undefined ||
      debezium.value === null
    )
      return false;
    return ours?.value === null && isZeroOrDefault(debezium);
  },
};

/** The column's default, or its type's zero, in the old row of a deletion that has the identity alone. */
const required: Rule = {
  id: 'required-columns-of-a-deleted-row',
  explains: ({ op, path, debezium, ours }) => {
    if (op !== 'd' || !path.startsWith('before.') || !debezium || !ours || debezium.type.nullable)
      return false;
    return ours.value === null && isZeroOrDefault(debezium);
  },
};

function isZeroOrDefault({ type, value }: Typed): boolean {
  const standard = type.schema['connect.default'] as
    string | number | boolean | readonly unknown[] | undefined;
  if (standard !== undefined) {
    if (Buffer.isBuffer(value)) return value.equals(Buffer.from(String(standard), 'latin1'));
    return typeof value === 'bigint' ? value === BigInt(standard as number) : value === standard;
  }
  if (Buffer.isBuffer(value)) return bigOf(value) === 0n;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object' && value !== null) return bigOf((value as { value: Buffer }).value) === 0n;
  if (typeof value === 'string' && microsOfIso(value) === 0n) return true;
  return value === 0 || value === 0n || value === '' || value === false;
}

/** Columns of a name that Avro does not have: a character is as many `_` as it has bytes there, one here. */
const names: Rule = {
  id: 'names-beyond-ascii',
  explains: ({ debezium, ours, column, path }) => {
    const field = path.slice(path.lastIndexOf('.') + 1);
    return (debezium === null || ours === null) && column !== '' && NOT_ASCII.has(field);
  },
};
const NOT_ASCII = new Set(['na__ve', 'na_ve']);

/** A table whose replica identity is an index of its own, beside a primary key. */
const indexKey: Rule = {
  id: 'key-by-replica-identity-index',
  explains: ({ table, path, debezium, ours }) => {
    if (table !== 'public.indexed' || !path.startsWith('key.')) return false;
    return path === 'key.id' ? ours === null : path === 'key.code' && debezium === null;
  },
};

export const COLUMN_RULES: readonly Rule[] = [withoutTheRow, required, nullAsDefault, names, indexKey];
