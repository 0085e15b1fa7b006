import type { Schema } from './avro-records.ts';
import { typeOf, type Difference, type Type } from './difference.ts';

interface Node {
  readonly [property: string]: unknown;
  readonly name?: string;
  readonly pgType?: string;
  readonly type?: Schema;
  readonly fields?: readonly Node[];
  readonly items?: Schema;
}

export interface SchemaPair {
  readonly table: string;
  /** `key`, or empty for the value. */
  readonly path: string;
  readonly debezium: Schema;
  readonly ours: Schema;
}

/** Finds what differs between two schemas, field by field: names, order, types, nullability, defaults, properties. */
export function compareSchemas(pair: SchemaPair, report: (difference: Difference) => void): void {
  new SchemaComparison(pair.table, report).nodes(pair.path, pair.debezium, pair.ours, '');
}

class SchemaComparison {
  readonly #table: string;
  readonly #report: (difference: Difference) => void;

  constructor(table: string, report: (difference: Difference) => void) {
    this.#table = table;
    this.#report = report;
  }

  nodes(path: string, debezium: Schema, ours: Schema, pgType: string): void {
    const [a, b] = [typeOf(debezium), typeOf(ours)];
    if (a.base === 'array' && b.base === 'array')
      this.nodes(`${path}[]`, a.schema['items'] as Schema, b.schema['items'] as Schema, pgType);
    const [left, right] = [a.schema as Node, b.schema as Node];
    if (left.fields && right.fields) this.#records(path, left, right);
    else if (a.base !== b.base || a.name !== b.name) this.#differ(`${path}:type`, a, b, null, null, pgType);
    this.#properties(path, left, right);
  }

  #records(path: string, debezium: Node, ours: Node): void {
    this.#same(`${path}:name`, fullName(debezium), fullName(ours));
    const names = (node: Node): string[] => (node.fields ?? []).map(({ name }) => String(name));
    const [a, b] = [names(debezium), names(ours)];
    const common = (list: string[], other: string[]): string =>
      list.filter((name) => other.includes(name)).join();
    this.#same(`${path}:order`, common(a, b), common(b, a));
    for (const field of debezium.fields ?? []) {
      const other = (ours.fields ?? []).find(({ name }) => name === field.name);
      const place = path === '' ? String(field.name) : `${path}.${field.name}`;
      if (!other) this.#differ(place, typeOf(field.type as Schema), null, null, null, '', field.name);
      else this.#fields(place, field, other);
    }
    for (const field of (ours.fields ?? []).filter(({ name }) => !a.includes(String(name)))) {
      const place = path === '' ? String(field.name) : `${path}.${field.name}`;
      this.#differ(place, null, typeOf(field.type as Schema), null, null, field.pgType ?? '', field.name);
    }
  }

  #fields(path: string, debezium: Node, ours: Node): void {
    const pgType = ours.pgType ?? '';
    const [a, b] = [debezium.type as Schema, ours.type as Schema];
    this.#same(`${path}:nullable`, typeOf(a).nullable, typeOf(b).nullable);
    this.#same(`${path}:default`, debezium['default'], ours['default']);
    this.#properties(path, debezium, ours);
    this.nodes(path, a, b, pgType);
  }

  #properties(path: string, debezium: Node, ours: Node): void {
    for (const name of new Set([...Object.keys(debezium), ...Object.keys(ours)])) {
      if (STRUCTURE.has(name)) continue;
      const [a, b] = [debezium[name], ours[name]].map((value) =>
        value === undefined ? null : JSON.stringify(value),
      );
      this.#same(`${path}@${name}`, a, b);
    }
  }

  #same(path: string, debezium: unknown, ours: unknown): void {
    if (debezium === ours) return;
    const type = typeOf('string');
    this.#differ(path, type, type, debezium ?? null, ours ?? null, '');
  }

  #differ(
    path: string,
    debezium: Type | null,
    ours: Type | null,
    a: unknown,
    b: unknown,
    pgType: string,
    column = '',
  ): void {
    this.#report({
      table: this.#table,
      op: 'schema',
      path,
      debezium: debezium && { type: debezium, value: a },
      ours: ours && { type: ours, value: b },
      pgType,
      column,
      pair: null,
    });
  }
}

/** Compared by themselves. */
const STRUCTURE = new Set(['name', 'namespace', 'type', 'fields', 'items', 'default']);

function fullName(node: Node): string {
  return [node['namespace'], node.name].filter(Boolean).join('.');
}
