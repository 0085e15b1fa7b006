import {
  AvroDecodeError,
  keySchema,
  layoutOf,
  valueSchema,
  type ColumnSchema,
  type EnvelopeLayout,
  type FormerKeyColumn,
  type TableSchema,
} from '@hasivu/change-events';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import { TopicKeys, type SchemaRegistry } from '@hasivu/kafka';
import type { CatalogTable } from '@hasivu/postgres';

import type { CapturedTableOptions } from '../core/captured-table.ts';
import { catalogOrigins } from '../core/column-origins.ts';
import { tableId } from '../core/table-selection.ts';
import { failpoint } from '../failpoints.ts';

/** What a registered value schema says of columns. */
export type RegisteredColumns = Pick<EnvelopeLayout, 'columns' | 'leftOut'>;

export type SchemaIds = Pick<CapturedTableOptions, 'valueSchemaId' | 'keySchemaId' | 'firstKeySchemaId'>;

/** The schemas of tables' topics in the registry: what those of before say, and the ids of those that events have. */
export class TableSchemas {
  readonly #registry: SchemaRegistry;
  readonly #prefix: string;
  readonly #keys: TopicKeys;

  constructor(registry: SchemaRegistry, prefix: string) {
    this.#registry = registry;
    this.#keys = new TopicKeys(registry);
    this.#prefix = prefix;
  }

  /** What the newest schemas say, asked for before a topic's first event; null where there is none. */
  async recall(topic: string): Promise<RegisteredColumns | null> {
    const value = await this.#registry.latest(`${topic}-value`);
    await this.#keys.recall(topic);
    return value === null ? null : knownIn(value);
  }

  /** Keys that a topic has had, the newest first; the topic was recalled. */
  keysBefore(topic: string): readonly (readonly FormerKeyColumn[])[] {
    return this.#keys.aliases.before(topic);
  }

  /** See {@link KeyAliases.identified}. @param current the table as it is today, if it is */
  identified(topic: string, table: TableSchema, current: CatalogTable | null): readonly ColumnSchema[] {
    const there = new Set(current === null ? [] : catalogOrigins(current).values());
    return this.#keys.aliases.identified(topic, table, (origin) => there.has(origin));
  }

  /** @throws PlatformError SOURCE_SCHEMA_INCOMPATIBLE */
  async register(topic: string, table: TableSchema): Promise<SchemaIds> {
    const name = tableId(table);
    const subject = `${topic}-value`;
    const valueSchemaId = await registered(
      `the schema of ${name}`,
      name,
      subject,
      this.#registry.register(subject, valueSchema(this.#prefix, table)),
    );
    const key = keySchema(this.#prefix, table);
    if (key === null) return { valueSchemaId, keySchemaId: null };
    const ids = await registered(
      `the key schema of ${name}`,
      name,
      `${topic}-key`,
      this.#keys.register(topic, key),
    );
    return { valueSchemaId, ...ids };
  }
}

async function registered<T>(what: string, table: string, subject: string, request: Promise<T>): Promise<T> {
  try {
    const id = await request;
    failpoint('schema-registered');
    return id;
  } catch (error) {
    if (isPlatformError(error) && error.code === 'REGISTRY_INCOMPATIBLE')
      throw new PlatformError('SOURCE_SCHEMA_INCOMPATIBLE', {
        doing: `registering ${what}`,
        context: { table, subject },
        cause: error,
      });
    throw error;
  }
}

/** What a registered value schema says of columns; nothing where it is not a change event's. */
function knownIn(schema: string): RegisteredColumns {
  try {
    return layoutOf(schema);
  } catch (error) {
    if (error instanceof AvroDecodeError) return { columns: [] };
    throw error;
  }
}
