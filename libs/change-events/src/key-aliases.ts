import type { AvroField, AvroObject } from './avro-schema.ts';
import type { ColumnSchema, TableSchema } from './column-type.ts';

/** A key's column as a registered schema has it. */
export interface FormerKeyColumn {
  readonly name: string;
  /** `ColumnSchema.origin`, undefined where it is not known. */
  readonly origin: string | undefined;
  /** Names it had before. */
  readonly former: readonly string[];
}

/**
 * Names that key columns had, as aliases of their fields: by them a registry, and readers that resolve schemas, know a
 * renamed column as what it was. Without one the key's new schema is refused, because its field is in no key of before.
 */
export class KeyAliases {
  /** Fields of all keys by topic, the last in the order of the log last. */
  readonly #keys = new Map<string, (readonly AvroField[])[]>();

  /** @param schemas registered schemas of the topic's key, as JSON, the newest last */
  begin(topic: string, schemas: readonly string[]): void {
    this.#keys.set(topic, schemas.map(fieldsIn));
  }

  #newest(topic: string): readonly AvroField[] {
    return this.#keys.get(topic)?.at(-1) ?? [];
  }

  /** The columns of all keys that the topic has had, the newest first, each in its order. */
  before(topic: string): readonly (readonly FormerKeyColumn[])[] {
    const keys = this.#keys.get(topic) ?? [];
    return keys.toReversed().map((fields) =>
      fields.map(({ name, pgName = name, pgOrigin, aliases }) => ({
        name: pgName,
        origin: pgOrigin,
        former: aliases ?? [],
      })),
    );
  }

  /**
   * The columns, in the order of their numbers, with what those of the key are where nobody tells: what their names were
   * last. Where names are new, or their order shows that they have changed hands, it is the newest key's columns one by
   * one, if the table still has all of them: it had them then. The lake could not tell otherwise that they are the key.
   * Never where the key may be made of other columns: the lake would take those for the ones of before, and mix their values.
   * @param isThere whether the table has a column today, by its origin
   */
  identified(
    topic: string,
    { columns, key }: Pick<TableSchema, 'columns' | 'key'>,
    isThere: (origin: string) => boolean,
  ): readonly ColumnSchema[] {
    const own = columns.filter(({ name }) => key.includes(name));
    if (own.every(({ origin }) => origin !== undefined)) return columns;
    const newest = this.#newest(topic);
    const mayBe = (origin: string, name: string): boolean =>
      mayBeAt(origin, columns, (column) => column.name === name);
    const isReplaced = newest.some(
      ({ name, pgName = name, pgOrigin }) =>
        pgOrigin !== undefined && !key.includes(pgName) && mayBe(pgOrigin, pgName),
    );
    if (isReplaced) return columns;
    const known = newest.flatMap(({ pgOrigin }) => (pgOrigin === undefined ? [] : [pgOrigin]));
    const byName = own.flatMap(
      (column) => newest.find((field) => hasName(field, column.name))?.pgOrigin ?? [],
    );
    const inOrder = known.toSorted((a, b) => numberOf(a) - numberOf(b));
    let origins: readonly string[] = [];
    if (byName.length === own.length && isRising(byName)) origins = byName;
    else if (inOrder.length === own.length && inOrder.every(isThere)) origins = inOrder;
    if (origins.length === 0 || !own.every(({ name }, i) => mayBe(origins[i] as string, name)))
      return columns;
    return columns.map((column) => {
      const at = own.indexOf(column);
      return at < 0 ? column : { ...column, origin: column.origin ?? (origins[at] as string) };
    });
  }

  /**
   * The key's schema with the names that its columns had; one that the topic has had is the one that it was. It is a key
   * of before once it is {@link registered}: names of one that is refused are nobody's.
   */
  named(topic: string, key: AvroObject): AvroObject {
    const keys = this.#keys.get(topic) ?? [];
    const own = key.fields ?? [];
    const same = keys.findLast(
      (fields) => fields.length === own.length && fields.every((one, i) => isAs(one, own[i])),
    );
    if (same !== undefined) return { ...key, fields: same };
    const known = keys.toReversed().flat();
    // A name that two of them had is an alias of the one that had it last, and of none where a column has it now.
    const holders = new Map<string, string>();
    for (const { name, pgOrigin } of keys.flat()) if (pgOrigin !== undefined) holders.set(name, pgOrigin);
    for (const { name } of own) holders.delete(name);
    const fields = own.map((field): AvroField => {
      // Where it is not known what the column is now, it is what its name was last.
      const origin = field.pgOrigin ?? known.find(({ name }) => name === field.name)?.pgOrigin;
      const former = new Set(known.map(({ name }) => name));
      const aliases = [...former].filter((name) => origin !== undefined && holders.get(name) === origin);
      return aliases.length === 0 ? field : { ...field, aliases };
    });
    return { ...key, fields };
  }

  /** @param key as {@link named} gave it; it is the topic's newest now */
  registered(topic: string, { fields = [] }: AvroObject): void {
    const text = JSON.stringify(fields);
    const others = (this.#keys.get(topic) ?? []).filter((known) => JSON.stringify(known) !== text);
    this.#keys.set(topic, [...others, fields]);
  }
}

/** The same but for names of before. */
function isAs(known: AvroField, own: AvroField | undefined): boolean {
  const { aliases: _former, ...rest } = known;
  return JSON.stringify(rest) === JSON.stringify(own);
}

function hasName({ name, pgName = name, aliases = [] }: AvroField, column: string): boolean {
  return pgName === column || aliases.includes(column);
}

/**
 * Whether one of these columns, which are in the order of their numbers, can be the column of an origin of the same table:
 * as many as are before it have lower numbers.
 */
export function mayBeAt<C>(origin: string, columns: readonly C[], isIt: (column: C) => boolean): boolean {
  const at = columns.findIndex(isIt);
  return at >= 0 && numberOf(origin) > at;
}

/** The column's number in its table. */
function numberOf(origin: string): number {
  return Number(origin.slice(origin.indexOf('.') + 1));
}

function isRising(origins: readonly string[]): boolean {
  return origins.every((origin, i) => i === 0 || numberOf(origins[i - 1] as string) < numberOf(origin));
}

/** Fields of a registered key schema; none of one that is not a record. */
function fieldsIn(schemaJson: string): readonly AvroField[] {
  const fields = (JSON.parse(schemaJson) as { readonly fields?: unknown } | null)?.fields;
  return Array.isArray(fields) ? (fields as readonly AvroField[]) : [];
}
