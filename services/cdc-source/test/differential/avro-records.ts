import { SchemaRegistry } from '@hasivu/kafka';
import avro from 'avsc';

/** An Avro schema as the registry has it, JSON parsed. */
export type Schema = string | readonly Schema[] | { readonly [property: string]: unknown };

/** A decoded value and the schema it was written with. Longs are bigints; logical types are left as their base. */
export interface Decoded {
  readonly schemaId: number;
  readonly schema: Schema;
  readonly value: unknown;
}

// avsc reads longs as numbers by default, and refuses those that a number cannot hold.
const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** Decodes framed Avro of any writer with a library that nobody here wrote. */
export class AvroRecords {
  readonly #registry: SchemaRegistry;
  readonly #types = new Map<number, { readonly schema: Schema; readonly type: avro.Type }>();

  constructor(registryUrl: string) {
    this.#registry = new SchemaRegistry(registryUrl);
  }

  async decode(framed: Buffer): Promise<Decoded> {
    if (framed[0] !== 0) throw new Error('a record is not framed');
    const schemaId = framed.readInt32BE(1);
    let known = this.#types.get(schemaId);
    if (!known) {
      const schema = JSON.parse(await this.#registry.schemaOf(schemaId)) as Schema;
      const type = avro.Type.forSchema(withoutDefaults(schema) as avro.Schema, {
        wrapUnions: false,
        typeHook: (one) => (one === 'long' || (one as { type?: unknown }).type === 'long' ? LONG : undefined),
      });
      this.#types.set(schemaId, (known = { schema, type }));
    }
    return { schemaId, schema: known.schema, value: known.type.fromBuffer(framed.subarray(5)) };
  }
}

/** Decoding needs no defaults, and avsc takes none for a long that is read as a bigint. */
function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name]) => name !== 'default' && !name.startsWith('connect.'))
      .map(([name, value]) => [name, withoutDefaults(value)]),
  );
}
