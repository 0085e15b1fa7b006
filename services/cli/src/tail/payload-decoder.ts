import { AvroCursor, AvroDecodeError, schemaIdOf, WIRE_HEADER_BYTES } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';
import { avroJsonReader, type JsonReader } from './avro-json.ts';

/** Where writer schemas come from: the registry, or a map in tests. */
export interface SchemaSource {
  schemaOf(id: number): Promise<string>;
}

/** Turns keys and values of any topic into one line of JSON text each. */
export class PayloadDecoder {
  readonly #schemas: SchemaSource;
  readonly #readers = new Map<number, JsonReader | null>();
  readonly #cursor = new AvroCursor();

  constructor(schemas: SchemaSource) {
    this.#schemas = schemas;
  }

  /** Avro of a known schema, else JSON, else text, else bytes in hex; `null` for null. */
  async decode(bytes: Buffer | null): Promise<string> {
    if (bytes === null) return 'null';
    const id = schemaIdOf(bytes, 0, bytes.length);
    if (id >= 0) {
      const reader = await this.#readerOf(id);
      const decoded = reader ? this.#tryRead(reader, bytes) : null;
      if (decoded !== null) return decoded;
    }
    return plainJson(bytes);
  }

  async #readerOf(id: number): Promise<JsonReader | null> {
    const known = this.#readers.get(id);
    if (known !== undefined) return known;
    let reader: JsonReader | null = null;
    try {
      reader = avroJsonReader(await this.#schemas.schemaOf(id));
    } catch (error) {
      // Bytes that only look framed have an id that the registry does not know; an unreachable registry is an error.
      if (isPlatformError(error) && error.retry === 'timed') throw error;
    }
    this.#readers.set(id, reader);
    return reader;
  }

  #tryRead(reader: JsonReader, bytes: Buffer): string | null {
    try {
      const text = reader(this.#cursor.reset(bytes, WIRE_HEADER_BYTES, bytes.length));
      return this.#cursor.pos === bytes.length ? text : null;
    } catch (error) {
      if (error instanceof AvroDecodeError || error instanceof TypeError) return null;
      throw error;
    }
  }
}

/** JSON stays as it was written, so that no number loses a digit; only its line breaks go. */
export function plainJson(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return JSON.stringify(`\\x${bytes.toString('hex')}`);
  try {
    JSON.parse(text);
    return text.trim().replace(/\s*[\r\n]+\s*/g, ' ');
  } catch {
    return JSON.stringify(text);
  }
}
