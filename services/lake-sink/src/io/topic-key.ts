import { schemaIdOf, type ColumnSchema } from '@hasivu/change-events';
import type { RecordCursor } from '@hasivu/kafka';
import { assertKeyFed, assertSameKey } from '../core/fed-key.ts';
import { KnownKeys } from '../core/known-keys.ts';
import { lakeName } from '../core/lake-name.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import type { EventSchemas } from './event-schemas.ts';

/** By which columns a topic's tables find their rows, and whether its records are keyed by them. */
export class TopicKey {
  readonly #binding: TopicBinding;
  readonly #schemas: EventSchemas;
  readonly #known = new KnownKeys();
  #columns: readonly string[] | null;

  /** @param stored what the tables were made with; null when there is none yet */
  constructor(binding: TopicBinding, schemas: EventSchemas, stored: readonly string[] | null) {
    this.#binding = binding;
    this.#schemas = schemas;
    this.#columns = stored;
  }

  /** Lake names, [] for none; null until a record or a table tells. */
  get columns(): readonly string[] | null {
    return this.#columns;
  }

  /** Whether the record is known to be keyed as the tables are. */
  isKeyOf(cursor: RecordCursor): boolean {
    return this.#known.has(keyIdOf(cursor));
  }

  /** From the first record there is. */
  async decide(cursor: RecordCursor): Promise<readonly string[]> {
    this.#columns = ((await this.namedIn(cursor)) ?? []).map(lakeName);
    return this.#columns;
  }

  /** Columns of a record's key; null where it says nothing of one, as while a primary key is made anew. */
  async namedIn(cursor: RecordCursor): Promise<readonly string[] | null> {
    const schemaId = keyIdOf(cursor);
    return schemaId < 0 ? null : await this.#schemas.keyColumns(schemaId);
  }

  /** @throws LAKE_KEY_CHANGED where rows of these columns have no value for the key */
  assertFed(shape: TableShape, columns: readonly ColumnSchema[]): void {
    assertKeyFed(shape, columns, this.#binding);
  }

  /**
   * Knows the record's key from now on. @param named columns of it @param columns those of its rows
   * @throws LAKE_KEY_CHANGED where it is another than the tables'
   */
  admit(
    cursor: RecordCursor,
    named: readonly string[] | null,
    shape: TableShape | null,
    columns: readonly ColumnSchema[],
  ): void {
    if (named !== null && shape !== null) assertSameKey(shape, named, columns, this.#binding);
    this.#known.add(keyIdOf(cursor));
  }

  /** The key's columns are renamed with the others. */
  rename(key: readonly string[]): void {
    if (this.#columns !== null && this.#columns.length > 0) this.#columns = key;
    this.#known.clear();
  }
}

/** -1 where the record has no key, or none that is framed. */
function keyIdOf({ buffer, keyStart, keyEnd }: RecordCursor): number {
  return keyStart < 0 ? -1 : schemaIdOf(buffer, keyStart, keyEnd);
}
