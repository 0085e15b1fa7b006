import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  AvroBuffer,
  AvroCursor,
  EnvelopeReader,
  KeyFrame,
  keyLayoutOf,
  keySchema,
  layoutOf,
  readColumn,
  readValue,
  SourceBlockWriter,
  topicNames,
  valueSchema,
  wireHeader,
  writeColumn,
  writeValue,
  type AvroObject,
  type ColumnValue,
  type TableSchema,
  type TopicNames,
} from '@hasivu/change-events';
import {
  committedOffsets,
  IdempotentProducer,
  KafkaCluster,
  readTopic,
  SchemaRegistry,
  TopicKeys,
  type RecordCursor,
} from '@hasivu/kafka';
import { spawnService, topicPrefix, waitFor, type SpawnedService, type TopicPrefix } from '@hasivu/testing';

export type Cells = Readonly<Record<string, ColumnValue>>;

export interface TestEvent {
  readonly op: 'c' | 'u' | 'd' | 'r' | 't';
  readonly before?: Cells | null;
  readonly after?: Cells | null;
  readonly unavailable?: readonly string[];
}

/** A record of any topic as a reader of committed data sees it. */
export interface SeenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly rawKey: Buffer | null;
  readonly rawValue: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SeenEvent extends SeenRecord {
  readonly key: Cells | null;
  /** Null for a tombstone. */
  readonly op: string | null;
  readonly seq: number;
  readonly commitLsn: bigint;
  readonly before: Cells | null;
  readonly after: Cells | null;
  readonly unavailable: readonly string[];
}

const PARTITIONS = 3;
const READ_WITHIN_MS = 60_000;

/** One topic prefix, a producer of change events and as many lives of the service as a test wants. */
export class ProcessorUnderTest implements AsyncDisposable {
  readonly topics: TopicPrefix;
  readonly names: TopicNames;
  readonly cluster: KafkaCluster;
  readonly registry: SchemaRegistry;
  /** Events written, tombstones not counted. */
  written = 0;
  readonly #producer: IdempotentProducer;
  readonly #directory = mkdtempSync(join(tmpdir(), 'stream-processor-'));
  readonly #schemas = new Map<
    TableSchema,
    { value: Buffer; key: KeyFrame | null; source: SourceBlockWriter }
  >();
  readonly #keys: TopicKeys;
  readonly #value = new AvroBuffer();
  readonly #key = new AvroBuffer();
  #service: SpawnedService | null = null;
  #seq = 0;

  private constructor(topics: TopicPrefix, cluster: KafkaCluster, producer: IdempotentProducer) {
    this.topics = topics;
    this.names = topicNames(topics.prefix);
    this.cluster = cluster;
    this.registry = new SchemaRegistry(topics.registry);
    this.#keys = new TopicKeys(this.registry);
    this.#producer = producer;
  }

  static async create(label: string): Promise<ProcessorUnderTest> {
    const topics = topicPrefix(label);
    const cluster = await KafkaCluster.connect({ brokers: topics.brokers }, { clientId: `test-${label}` });
    return new ProcessorUnderTest(topics, cluster, await IdempotentProducer.open(cluster));
  }

  async define(table: TableSchema): Promise<void> {
    const topic = this.names.change(table.schema, table.table);
    await this.cluster.ensureTopics([{ topic, partitions: PARTITIONS }]);
    const key = keySchema(this.topics.prefix, table);
    this.#schemas.set(table, {
      value: wireHeader(
        await this.registry.register(`${topic}-value`, valueSchema(this.topics.prefix, table)),
      ),
      key: key && (await this.#frame(topic, key)),
      source: new SourceBlockWriter({
        version: 'test',
        name: this.topics.prefix,
        ...table,
      }),
    });
  }

  async #frame(topic: string, key: AvroObject): Promise<KeyFrame> {
    const { keySchemaId, firstKeySchemaId } = await this.#keys.register(topic, key);
    return new KeyFrame(keySchemaId, firstKeySchemaId);
  }

  /** Writes events as cdc-source does: a tombstone after a delete, positions counting up. */
  async write(table: TableSchema, events: Iterable<TestEvent>): Promise<void> {
    let sinceFlush = 0;
    for (const event of events) {
      this.append(table, event);
      if (++sinceFlush % 5_000 === 0) await this.#producer.flush();
    }
    await this.#producer.flush();
  }

  append(table: TableSchema, event: TestEvent): void {
    const schema = this.#schemas.get(table);
    if (!schema) throw new Error(`${table.table} is not defined`);
    const topic = this.names.change(table.schema, table.table);
    this.#encode(table, event, schema.value, schema.source);
    const value = this.#value;
    this.written += 1;
    const row = event.after ?? event.before;
    if (!schema.key || !row || event.op === 't') {
      this.#producer.append(topic, 0, null, 0, 0, value.bytes, 0, value.pos, Date.now());
      return;
    }
    const key = this.#key;
    key.reset();
    key.writeRaw(schema.key.header, 0, schema.key.header.length);
    for (const name of table.key) {
      const column = table.columns.find((one) => one.name === name);
      if (column) writeValue(key, column.type, row[name] ?? null);
    }
    const partition = schema.key.partitionOf(key.bytes, key.pos, PARTITIONS);
    this.#producer.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, Date.now());
    if (event.op === 'd')
      this.#producer.append(topic, partition, key.bytes, 0, key.pos, null, 0, 0, Date.now());
  }

  /** Writes any bytes to a change topic. */
  async writeRaw(table: TableSchema, key: Buffer | null, value: Buffer): Promise<void> {
    const topic = this.names.change(table.schema, table.table);
    this.#producer.append(topic, 1, key, 0, key?.length ?? 0, value, 0, value.length, Date.now());
    await this.#producer.flush();
  }

  /** Starts a life of the service. @param yaml the `pipelines` section and others, as lines of YAML */
  async launch(yaml: string, env: Record<string, string> = {}): Promise<SpawnedService> {
    const path = join(this.#directory, 'hasivu.yaml');
    const { brokers, registry, prefix } = this.topics;
    writeFileSync(
      path,
      [
        'version: 1',
        `kafka: { brokers: ${JSON.stringify(brokers)}, registry: ${JSON.stringify(registry)}, prefix: ${prefix}, topics: { partitions: ${PARTITIONS} } }`,
        'lineage: { intervalMs: 200 }',
        yaml,
      ].join('\n'),
    );
    this.#service = await spawnService('stream-processor', path, { env });
    return this.#service;
  }

  async start(yaml: string, env: Record<string, string> = {}): Promise<SpawnedService> {
    return await (await this.launch(yaml, env)).waitReady();
  }

  /** Waits until the group has committed the end of the table's topic. */
  async caughtUp(...tables: readonly TableSchema[]): Promise<void> {
    const group = `${this.topics.prefix}-stream-processor`;
    for (const table of tables) {
      const topic = this.names.change(table.schema, table.table);
      await waitFor(
        `${topic} to be processed`,
        async () => {
          const ends = await this.cluster.endOffsets(topic);
          const committed = (await committedOffsets(this.cluster, group, [topic])).get(topic);
          return [...ends].every(([partition, end]) => end === 0n || committed?.get(partition) === end);
        },
        { timeoutMs: 60_000 },
      );
    }
  }

  /** Every committed record of a topic, partition by partition. */
  async records(topic: string): Promise<SeenRecord[]> {
    // A commit is decided before its markers are on every partition: what was committed must be readable first.
    await waitFor(`${topic} to hold no open transaction`, async () => {
      const stable = await this.cluster.endOffsets(topic, 'read_committed');
      const all = await this.cluster.endOffsets(topic);
      return [...all].every(([partition, end]) => stable.get(partition) === end);
    });
    const records: SeenRecord[] = [];
    const take = (cursor: RecordCursor, partition: number): void => {
      records.push({
        topic,
        partition,
        offset: cursor.offset,
        rawKey: cursor.copyKey(),
        rawValue: cursor.copyValue(),
        headers: Object.fromEntries([...cursor.headers()].map(([name, value]) => [name, value.toString()])),
      });
    };
    await readTopic(this.cluster, topic, take, AbortSignal.timeout(READ_WITHIN_MS));
    return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  }

  async curated(pipeline: string, output: string): Promise<SeenEvent[]> {
    const records = await this.records(this.names.curated(pipeline, output));
    const events: SeenEvent[] = [];
    for (const record of records) events.push(await this.decode(record));
    return events;
  }

  async decode(record: SeenRecord): Promise<SeenEvent> {
    const { rawKey, rawValue } = record;
    const key = rawKey && (await this.#decodeKey(rawKey));
    if (!rawValue)
      return { ...record, key, op: null, seq: -1, commitLsn: 0n, before: null, after: null, unavailable: [] };
    const layout = layoutOf(await this.registry.schemaOf(rawValue.readInt32BE(1)));
    const reader = new EnvelopeReader(layout);
    reader.read(rawValue, 5, rawValue.length);
    const cells = (at: number): Cells | null => {
      if (at < 0) return null;
      const cursor = reader.cursorAt(at);
      return Object.fromEntries(
        layout.columns.map((column) => [column.name, readColumn(cursor, column.type)]),
      );
    };
    return {
      ...record,
      key,
      op: String.fromCharCode(reader.op),
      seq: reader.seq,
      commitLsn: reader.commitLsn,
      before: cells(reader.beforeOffset),
      after: cells(reader.afterOffset),
      unavailable: [...reader.unavailable],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
    await this.#producer.close();
    this.cluster.close();
    await this.topics[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #decodeKey(key: Buffer): Promise<Cells> {
    const layout = keyLayoutOf(await this.registry.schemaOf(key.readInt32BE(1)));
    const cursor = new AvroCursor().reset(key, 5, key.length);
    return Object.fromEntries(layout.columns.map((column) => [column.name, readValue(cursor, column.type)]));
  }

  #encode(table: TableSchema, event: TestEvent, header: Buffer, source: SourceBlockWriter): void {
    const out = this.#value;
    out.reset();
    out.writeRaw(header, 0, header.length);
    out.writeString(event.op);
    out.writePresent();
    out.writeLong(1_700_000_000_123);
    const seq = this.#seq++;
    source.write(out, {
      commitTsMs: 1_700_000_000_000,
      snapshot: event.op === 'r' ? 'true' : 'false',
      txId: 7,
      lsnHi: 1,
      lsnLo: seq,
      commitLsnHi: 1,
      commitLsnLo: 1000 + Math.floor(seq / 10),
      seq: seq % 10,
    });
    out.writeNull();
    const { unavailable = [] } = event;
    if (unavailable.length === 0) out.writeNull();
    else {
      out.writePresent();
      out.writeLong(unavailable.length);
      for (const name of unavailable) out.writeString(name);
      out.writeByte(0);
    }
    for (const row of [event.before, event.after]) {
      if (!row) {
        out.writeNull();
        continue;
      }
      out.writePresent();
      for (const { name, type } of table.columns)
        writeColumn(
          out,
          type,
          unavailable.includes(name) && row === event.after && type.kind === 'string'
            ? '__debezium_unavailable_value'
            : (row[name] ?? null),
        );
    }
  }
}

/** The rows a consumer holds who applies the events by key. */
export function stateOf(events: readonly SeenEvent[]): Map<string, Cells> {
  const state = new Map<string, Cells>();
  const inOrder = [...events].sort((a, b) =>
    a.commitLsn === b.commitLsn ? a.seq - b.seq : a.commitLsn < b.commitLsn ? -1 : 1,
  );
  for (const event of inOrder) {
    const key = printed(event.key);
    if (event.op === 't') state.clear();
    else if (event.op === 'd') state.delete(key);
    else if (event.op !== null && event.after) state.set(key, event.after);
  }
  return state;
}

/** JSON with bigints as text. */
export function printed(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}
