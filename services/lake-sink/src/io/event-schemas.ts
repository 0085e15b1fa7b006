import { AvroDecodeError, EnvelopeReader, keyLayoutOf, layoutOf } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';

/** What the sink needs of a schema registry. */
export interface SchemaSource {
  schemaOf(id: number): Promise<string>;
}

/** Readers by schema id; null for ids whose records cannot be decoded. One per topic, since a reader is not shared. */
export class EventSchemas {
  readonly #source: SchemaSource;
  readonly #readers = new Map<number, EnvelopeReader | null>();
  readonly #keys = new Map<number, readonly string[] | null>();

  constructor(source: SchemaSource) {
    this.#source = source;
  }

  /** Undefined when the id was not learnt yet. */
  readerOf(schemaId: number): EnvelopeReader | null | undefined {
    return this.#readers.get(schemaId);
  }

  async learn(schemaId: number): Promise<EnvelopeReader | null> {
    const reader = await this.#load(schemaId, (json) => new EnvelopeReader(layoutOf(json)));
    this.#readers.set(schemaId, reader);
    return reader;
  }

  /** Column names of the key record; null when the key cannot be decoded. */
  async keyColumns(schemaId: number): Promise<readonly string[] | null> {
    let names = this.#keys.get(schemaId);
    if (names === undefined) {
      names = await this.#load(schemaId, (json) => keyLayoutOf(json).columns.map((column) => column.name));
      this.#keys.set(schemaId, names);
    }
    return names;
  }

  async #load<T>(schemaId: number, read: (json: string) => T): Promise<T | null> {
    try {
      return read(await this.#source.schemaOf(schemaId));
    } catch (error) {
      if (error instanceof AvroDecodeError) return null;
      if (isPlatformError(error) && error.code === 'REGISTRY_SCHEMA_UNKNOWN') return null;
      throw error;
    }
  }
}
