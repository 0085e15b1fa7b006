import type { Schema } from './avro-records.ts';
import { type Change, type Pair, type Row } from './change-pairs.ts';
import { typeOf, type Difference, type Typed } from './difference.ts';
import { sameMeaning } from './same-meaning.ts';

interface Field {
  readonly name: string;
  readonly type: Schema;
  readonly pgType?: string;
}

/** Finds what differs between the two events of a pair; `report` gets each difference. */
export function compareChange(table: string, pair: Pair, report: (difference: Difference) => void): void {
  const { debezium, ours } = pair;
  const op = String(debezium.value.value['op']);
  const compare = new PairComparison(table, op, pair, report);
  compare.records('key', recordOf(debezium.key), recordOf(ours.key));
  compare.records('', recordOf(debezium.value), recordOf(ours.value));
  compare.headers('header', debezium.record.headers, ours.record.headers);
  compare.plain('record.timestamp', debezium.record.timestampMs, ours.record.timestampMs);
  compare.plain('record.tombstone', tombstoneKey(debezium), tombstoneKey(ours));
}

interface RecordValue {
  readonly fields: readonly Field[];
  readonly value: Row | null;
}

const NAMED = new WeakMap<object, ReadonlyMap<string, readonly Field[]>>();

/** Fields of every record in a schema, by its name without a namespace. */
function namedRecords(schema: Schema): ReadonlyMap<string, readonly Field[]> {
  if (typeof schema === 'string') return new Map();
  const known = NAMED.get(schema);
  if (known) return known;
  const found = new Map<string, readonly Field[]>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    const { type, name, fields } = node as { type?: unknown; name?: string; fields?: readonly Field[] };
    if (type === 'record' && name && fields) {
      found.set(name, fields);
      for (const field of fields) visit(field.type);
    } else {
      visit(type);
      visit((node as { items?: unknown }).items);
    }
  };
  visit(schema);
  NAMED.set(schema, found);
  return found;
}

function recordOf(decoded: Change['key']): (RecordValue & { schema: Schema }) | null {
  if (decoded === null) return null;
  const fields = (decoded.schema as { fields?: readonly Field[] }).fields ?? [];
  return { fields, value: decoded.value as Row, schema: decoded.schema };
}

// Bytes as they lie in Kafka: a tombstone has the key of the deletion, to the byte, or compaction would pass it by.
function tombstoneKey({ record, tombstone }: Change): string | null {
  if (tombstone === null) return null;
  const same =
    tombstone.key === null ? record.key === null : record.key !== null && tombstone.key.equals(record.key);
  return same ? 'with the key of the deletion' : 'with another key';
}

class PairComparison {
  readonly #table: string;
  readonly #op: string;
  readonly #pair: Pair;
  readonly #report: (difference: Difference) => void;

  constructor(table: string, op: string, pair: Pair, report: (difference: Difference) => void) {
    this.#table = table;
    this.#op = op;
    this.#pair = pair;
    this.#report = report;
  }

  records(
    path: string,
    debezium: (RecordValue & { schema: Schema }) | null,
    ours: (RecordValue & { schema: Schema }) | null,
  ): void {
    if (debezium === null || ours === null) {
      if (debezium !== ours) this.#differ(path, typed(debezium), typed(ours));
      return;
    }
    this.#fields(path, debezium, ours, [debezium.schema, ours.schema]);
  }

  headers(
    path: string,
    debezium: Readonly<Record<string, string>>,
    ours: Readonly<Record<string, string>>,
  ): void {
    for (const name of new Set([...Object.keys(debezium), ...Object.keys(ours)]))
      this.plain(`${path}.${name}`, debezium[name] ?? null, ours[name] ?? null);
  }

  plain(path: string, debezium: unknown, ours: unknown): void {
    if (debezium === ours) return;
    this.#differ(path, plainly(debezium), plainly(ours));
  }

  #fields(path: string, debezium: RecordValue, ours: RecordValue, schemas: [Schema, Schema]): void {
    const left = new Map(ours.fields.map((field) => [field.name, field]));
    for (const field of debezium.fields) {
      const other = left.get(field.name);
      left.delete(field.name);
      this.#field(
        path,
        field,
        debezium.value?.[field.name],
        other ?? null,
        ours.value?.[field.name],
        schemas,
      );
    }
    for (const [name, field] of left)
      this.#differ(join(path, name), null, { type: typeOf(field.type), value: ours.value?.[name] }, field);
  }

  #field(
    path: string,
    field: Field,
    value: unknown,
    other: Field | null,
    otherValue: unknown,
    schemas: [Schema, Schema],
  ): void {
    const place = join(path, field.name);
    if (other === null) {
      this.#differ(place, { type: typeOf(field.type), value }, null, field);
      return;
    }
    if (value !== null && otherValue !== null) {
      const both = [recordFields(field.type, schemas[0]), recordFields(other.type, schemas[1])] as const;
      if (both[0] && both[1]) {
        const a = { fields: both[0], value: value as Row };
        const b = { fields: both[1], value: otherValue as Row };
        this.#fields(place, a, b, schemas);
        return;
      }
    }
    this.#value(
      place,
      { type: typeOf(field.type), value },
      { type: typeOf(other.type), value: otherValue },
      other,
    );
  }

  #value(path: string, debezium: Typed, ours: Typed, column: Field): void {
    const [a, b] = [debezium.value, ours.value];
    if (
      debezium.type.base === 'array' &&
      ours.type.base === 'array' &&
      Array.isArray(a) &&
      Array.isArray(b)
    ) {
      if (a.length === b.length) {
        const types = [debezium, ours].map(({ type }) => typeOf(type.schema['items'] as Schema));
        a.forEach((item, i) =>
          this.#value(
            `${path}[]`,
            { type: types[0] as Typed['type'], value: item },
            { type: types[1] as Typed['type'], value: b[i] },
            column,
          ),
        );
        return;
      }
    }
    if (!sameValue(a, b) || !sameMeaning(debezium.type.name, ours.type.name))
      this.#differ(path, debezium, ours, column);
  }

  #differ(path: string, debezium: Typed | null, ours: Typed | null, column?: Field): void {
    this.#report({
      table: this.#table,
      op: this.#op,
      path,
      debezium,
      ours,
      pgType: column?.pgType ?? '',
      column: column?.name ?? '',
      pair: this.#pair,
    });
  }
}

function recordFields(type: Schema, whole: Schema): readonly Field[] | null {
  const inner = Array.isArray(type) ? (type as readonly Schema[]).find((branch) => branch !== 'null') : type;
  if (typeof inner === 'string')
    return namedRecords(whole).get(inner.slice(inner.lastIndexOf('.') + 1)) ?? null;
  const { fields } = (inner ?? {}) as { fields?: readonly Field[] };
  return fields ?? null;
}

function typed(record: RecordValue | null): Typed | null {
  return record && { type: { base: 'record', nullable: false, name: '', schema: {} }, value: record.value };
}

function plainly(value: unknown): Typed | null {
  return value === null ? null : { type: typeOf(typeof value), value };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.equals(b);
  return Object.is(a, b);
}
