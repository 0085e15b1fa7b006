import { partitionOf } from './murmur2.ts';
import { wireHeader } from './wire-header.ts';

/**
 * How the keys of one schema are framed and spread over a topic's partitions. Kafka hashes a record's key with the schema
 * id in its frame, so by the key's own id a new schema would move every key to another partition, where a late change of
 * before can no longer be told from one of after. So all keys of a topic are hashed as if framed with the id of its first
 * key schema: a key stays in its partition as long as its values have the same Avro bytes, and a topic whose key has
 * never changed is spread as any Kafka client does it.
 */
export class KeyFrame {
  /** What the key's bytes begin with. */
  readonly header: Buffer;
  /** The same with the id of the first schema; null where that is this one. */
  readonly #first: Buffer | null;

  /** @param firstSchemaId of the first schema that the topic's key had */
  constructor(schemaId: number, firstSchemaId = schemaId) {
    this.header = wireHeader(schemaId);
    this.#first = firstSchemaId === schemaId ? null : wireHeader(firstSchemaId);
  }

  /** @param bytes have the framed key up to `end`, also afterwards */
  partitionOf(bytes: Buffer, end: number, partitions: number): number {
    const first = this.#first;
    if (first === null) return partitionOf(bytes, 0, end, partitions);
    first.copy(bytes, 0);
    const partition = partitionOf(bytes, 0, end, partitions);
    this.header.copy(bytes, 0);
    return partition;
  }
}
