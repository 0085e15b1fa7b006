import {
  AvroBuffer,
  KeyFrame,
  keySchema,
  SourceBlockWriter,
  topicNames,
  valueSchema,
  wireHeader,
  writeColumn,
  writeValue,
  type ColumnSchema,
  type ColumnValue,
  type TableSchema,
} from '@hasivu/change-events';
import { IdempotentProducer, KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

export type Row = Readonly<Record<string, ColumnValue>>;

export interface Change {
  readonly op: 'c' | 'r' | 'u' | 'd' | 't' | 'm';
  readonly row?: Row;
  /** Default: the next position. */
  readonly lsn?: bigint;
  readonly seq?: number;
  readonly unavailable?: readonly string[];
  /** Commit time, milliseconds since 1970; by default one that never changes. */
  readonly committedMs?: number;
  /** Default: by key, as the source does it. */
  readonly partition?: number;
}

/** Writes change events as cdc-source does, for one table whose columns may change. */
export class ChangeFeed implements AsyncDisposable {
  readonly topic: string;
  readonly partitions: number;
  lsn = 1_000n;
  #table: TableSchema;
  #ids: SchemaIds | null = null;
  readonly #prefix: string;
  readonly #cluster: KafkaCluster;
  readonly #producer: IdempotentProducer;
  readonly #registry: SchemaRegistry;
  readonly #out = new AvroBuffer(256);

  private constructor(
    prefix: string,
    table: TableSchema,
    partitions: number,
    cluster: KafkaCluster,
    producer: IdempotentProducer,
    registry: SchemaRegistry,
    topic: string,
  ) {
    this.#prefix = prefix;
    this.#table = table;
    this.partitions = partitions;
    this.#cluster = cluster;
    this.#producer = producer;
    this.#registry = registry;
    this.topic = topic;
  }

  static async open(
    kafka: { readonly prefix: string; readonly brokers: readonly string[]; readonly registry: string },
    table: TableSchema,
    options: { readonly partitions?: number; readonly topic?: string } = {},
  ): Promise<ChangeFeed> {
    const cluster = await KafkaCluster.connect(
      { brokers: [...kafka.brokers] },
      { clientId: 'lake-sink-test' },
    );
    const topic = options.topic ?? topicNames(kafka.prefix).change(table.schema, table.table);
    const partitions = options.partitions ?? 2;
    await cluster.ensureTopics([{ topic, partitions }]);
    const producer = await IdempotentProducer.open(cluster);
    return new ChangeFeed(
      kafka.prefix,
      table,
      partitions,
      cluster,
      producer,
      new SchemaRegistry(kafka.registry),
      topic,
    );
  }

  /** The next changes have these columns, and this key. */
  alter(columns: readonly ColumnSchema[], key = this.#table.key): void {
    this.#table = { ...this.#table, columns, key };
    this.#ids = null;
  }

  /** Sends changes, one transaction (commit LSN), in order; resolves when Kafka has them. */
  async send(...changes: readonly Change[]): Promise<void> {
    const ids = await this.#register();
    this.lsn += 100n;
    changes.forEach((change, index) =>
      this.#append(change, ids, change.lsn ?? this.lsn, change.seq ?? index),
    );
    await this.#producer.flush();
  }

  /** Bytes that are no change event. */
  async sendRaw(value: Buffer, partition = 0): Promise<void> {
    this.#producer.append(this.topic, partition, null, 0, 0, value, 0, value.length, Date.now());
    await this.#producer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.close();
    this.#cluster.close();
  }

  #append(change: Change, ids: SchemaIds, lsn: bigint, seq: number): void {
    const key =
      change.op === 't' || change.op === 'm' || ids.key === null
        ? null
        : this.#key(change.row ?? {}, ids.key.header);
    const value = this.#value(change, ids.value, lsn, seq);
    const partition =
      change.partition ??
      (key === null
        ? seq % this.partitions
        : (ids.key as KeyFrame).partitionOf(key, key.length, this.partitions));
    const at = Date.now();
    this.#producer.append(this.topic, partition, key, 0, key?.length ?? 0, value, 0, value.length, at);
    if (change.op === 'd' && key !== null)
      this.#producer.append(this.topic, partition, key, 0, key.length, null, 0, 0, at);
  }

  #key(row: Row, header: Buffer): Buffer {
    const out = this.#out;
    out.reset();
    for (const name of this.#table.key) {
      const column = this.#table.columns.find((one) => one.name === name) as ColumnSchema;
      writeValue(out, column.type, row[name] ?? null);
    }
    return Buffer.concat([header, out.bytes.subarray(0, out.pos)]);
  }

  #value(change: Change, schemaId: number, lsn: bigint, seq: number): Buffer {
    const { database, schema, table, columns, key } = this.#table;
    const source = new SourceBlockWriter({ version: '1', name: this.#prefix, database, schema, table });
    const out = this.#out;
    out.reset();
    out.writeString(change.op);
    out.writePresent();
    out.writeLong(1_790_000_000_456);
    const halves = { hi: Number(lsn >> 32n), lo: Number(lsn & 0xffffffffn) };
    source.write(out, {
      commitTsMs: change.committedMs ?? 1_790_000_000_123,
      snapshot: change.op === 'r' ? 'true' : 'false',
      txId: change.op === 'r' ? -1 : 77,
      lsnHi: halves.hi,
      lsnLo: halves.lo,
      commitLsnHi: halves.hi,
      commitLsnLo: halves.lo,
      seq,
    });
    out.writeNull();
    const { unavailable } = change;
    if (unavailable === undefined) out.writeNull();
    else {
      out.writePresent();
      out.writeLong(unavailable.length);
      for (const name of unavailable) out.writeString(name);
      out.writeByte(0);
    }
    const images = {
      before: change.op === 'd' ? (change.row ?? null) : null,
      after: 'crum'.includes(change.op) && change.op !== 'm' ? (change.row ?? null) : null,
    };
    for (const [image, row] of Object.entries(images)) {
      if (row === null) {
        out.writeNull();
        continue;
      }
      out.writePresent();
      for (const column of columns) {
        const known = image === 'after' || key.length === 0 || key.includes(column.name);
        writeColumn(out, column.type, known ? (row[column.name] ?? null) : null);
      }
    }
    return Buffer.concat([wireHeader(schemaId), out.bytes.subarray(0, out.pos)]);
  }

  async #register(): Promise<SchemaIds> {
    if (this.#ids !== null) return this.#ids;
    const key = keySchema(this.#prefix, this.#table);
    this.#ids = {
      value: await this.#registry.register(
        `${this.topic}-value`,
        valueSchema(this.#prefix, this.#table),
        'NONE',
      ),
      key: key === null ? null : await this.#frame(key),
    };
    return this.#ids;
  }

  async #frame(key: object): Promise<KeyFrame> {
    const subject = `${this.topic}-key`;
    const id = await this.#registry.register(subject, key, 'NONE');
    return new KeyFrame(id, await this.#registry.firstId(subject));
  }
}

interface SchemaIds {
  readonly value: number;
  readonly key: KeyFrame | null;
}
