import { PassThrough } from 'node:stream';

import { KafkaCluster, readTopic, SchemaRegistry } from '@hasivu/kafka';
import avro from 'avsc';

import { countBytes, type CountedBytes } from './counted-stream.ts';

export interface ChangeJson extends CountedBytes {
  /** Changes, tombstones not among them. */
  readonly changes: number;
}

/** avsc reads longs as numbers by default, and refuses those that a number cannot hold. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: () => Buffer.alloc(8),
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown };
const PAUSE_BYTES = 1 << 24;

/**
 * Every value of the topic as JSON, a line each: the envelope as Kafka Connect's JSON converter writes it without schemas,
 * decimals and bytes in base64.
 */
export async function changeJson(
  stack: { readonly brokers: readonly string[]; readonly registry: string },
  topic: string,
): Promise<ChangeJson> {
  const cluster = await KafkaCluster.connect({ brokers: stack.brokers }, { clientId: 'bench' });
  const registry = new SchemaRegistry(stack.registry);
  const types = new Map<number, avro.Type>();
  const lines = new PassThrough({ highWaterMark: PAUSE_BYTES });
  const counted = countBytes(lines);
  let changes = 0;
  try {
    await readTopic(cluster, topic, async (cursor) => {
      const value = cursor.copyValue();
      if (value === null) return;
      changes += 1;
      const id = value.readInt32BE(1);
      let type = types.get(id);
      if (type === undefined) types.set(id, (type = typeOf(await registry.schemaOf(id))));
      const text = `${JSON.stringify(type.fromBuffer(value.subarray(5)), plain)}\n`;
      if (!lines.write(text)) await new Promise((resolve) => lines.once('drain', resolve));
    });
  } finally {
    cluster.close();
    lines.end();
  }
  return { changes, ...(await counted) };
}

function typeOf(schema: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema, withoutDefault) as avro.Schema, {
    wrapUnions: false,
    typeHook: (one) => (one === 'long' || (one as { type?: unknown }).type === 'long' ? LONG : undefined),
  });
}

/** Defaults of longs are numbers in the schema, which the long of here does not take; nothing is resolved by them. */
function withoutDefault(key: string, value: unknown): unknown {
  return key === 'default' ? undefined : value;
}

function plain(this: unknown, key: string, value: unknown): unknown {
  const own = (this as Record<string, unknown>)[key];
  if (typeof own === 'bigint') return rawJSON(String(own));
  return Buffer.isBuffer(own) ? own.toString('base64') : value;
}
