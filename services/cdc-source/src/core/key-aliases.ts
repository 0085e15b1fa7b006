import type { AvroField, AvroObject, ColumnSchema, TableSchema } from '@hasivu/change-events';

/**
 * Names that key columns had, as aliases of their fields: by them a registry, and readers that resolve schemas, know a
 * renamed column as what it was. Without one the key's new schema is refused, because its field is in no key of before.
 */
export class KeyAliases {
  /** Fields of the newest key, by table. */
  readonly #newest = new Map<string, readonly AvroField[]>();

  /** @param fields of the key's newest registered schema */
  begin(table: string, fields: readonly AvroField[]): void {
    this.#newest.set(table, fields);
  }

  /**
   * Columns of the key that it is not known of what they are now: they are what their names were last. The lake could not
   * tell otherwise that they are the key.
   */
  identified(table: string, { columns, key }: TableSchema): readonly ColumnSchema[] {
    const newest = this.#newest.get(table) ?? [];
    return columns.map((column) => {
      if (column.origin !== undefined || !key.includes(column.name)) return column;
      const known = newest.find(
        ({ name, pgName = name, aliases = [] }) => pgName === column.name || aliases.includes(column.name),
      );
      return known?.pgOrigin === undefined ? column : { ...column, origin: known.pgOrigin };
    });
  }

  /** The key's schema with the names that its columns had; that of before the newest is the one that it was. */
  named(table: string, key: AvroObject): AvroObject {
    const newest = this.#newest.get(table) ?? [];
    const present = new Set((key.fields ?? []).map(({ name }) => name));
    let isNewest = true;
    const remembered: AvroField[] = [];
    const fields = (key.fields ?? []).map((own): AvroField => {
      const known = newest.find((other) => isSame(other, own));
      const former = known?.aliases ?? [];
      const at = former.indexOf(own.name);
      if (at >= 0) isNewest = false;
      const renamed = known !== undefined && known.name !== own.name ? [known.name, ...former] : former;
      const aliases = (at < 0 ? renamed : former.slice(at + 1)).filter((name) => !present.has(name));
      const field = aliases.length === 0 ? own : { ...own, aliases };
      // Where it is not known what the column is now, it is what its name was last.
      const origin = own.pgOrigin ?? known?.pgOrigin;
      remembered.push(origin === undefined ? field : { ...field, pgOrigin: origin });
      return field;
    });
    if (isNewest) this.#newest.set(table, remembered);
    return { ...key, fields };
  }
}

/** By name where it is not known of both what they are. */
function isSame(known: AvroField, own: AvroField): boolean {
  if (known.pgOrigin === undefined || own.pgOrigin === undefined) return known.name === own.name;
  return known.pgOrigin === own.pgOrigin;
}
