import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  AvroCursor,
  EnvelopeReader,
  keyLayoutOf,
  layoutOf,
  readColumn,
  readValue,
  topicNames,
  type ColumnValue,
} from '@hasivu/change-events';
import { KafkaCluster, readTopic, SchemaRegistry, type RecordCursor } from '@hasivu/kafka';
import {
  assertNoDuplicates,
  spawnService,
  testDatabase,
  topicPrefix,
  uniqueName,
  waitFor,
  type SpawnedService,
  type TestDatabase,
  type TopicPrefix,
} from '@hasivu/testing';
import avro from 'avsc';

const READ_WITHIN_MS = 60_000;

/** A change event as a reader of committed records sees it; a tombstone has `op` null. */
export interface SeenEvent {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Record<string, ColumnValue> | null;
  readonly op: string | null;
  readonly commitLsn: bigint;
  readonly seq: number;
  readonly snapshot: string;
  readonly before: Record<string, ColumnValue> | null;
  readonly after: Record<string, ColumnValue> | null;
  readonly unavailable: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as it lies in Kafka. */
export interface SeenRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SourceOptions {
  readonly tables: readonly string[];
  /** More lines for `source.postgres`, as YAML flow: `snapshot: never`. */
  readonly postgres?: string;
  /** More fields for `kafka`, as YAML flow: `compression: zstd`. */
  readonly kafka?: string;
  readonly url?: string;
  /** Variables that the configuration refers to. */
  readonly env?: Readonly<Record<string, string>>;
  /** The `tables` section as YAML flow. */
  readonly tableSettings?: string;
  readonly slot?: string;
}

/** One database, one topic prefix and as many lives of the service as a test wants. */
export class SourceUnderTest implements AsyncDisposable {
  readonly database: TestDatabase;
  readonly topics: TopicPrefix;
  readonly slot = uniqueName('cdc');
  readonly #directory = mkdtempSync(join(tmpdir(), 'cdc-source-'));
  readonly #cluster: KafkaCluster;
  readonly #ownsDatabase: boolean;
  readonly #registry: SchemaRegistry;
  readonly #types = new Map<number, avro.Type>();
  #service: SpawnedService | null = null;

  private constructor(
    database: TestDatabase,
    topics: TopicPrefix,
    cluster: KafkaCluster,
    ownsDatabase: boolean,
  ) {
    this.#ownsDatabase = ownsDatabase;
    this.database = database;
    this.topics = topics;
    this.#cluster = cluster;
    this.#registry = new SchemaRegistry(topics.registry);
  }

  /** @param beside another source of the same database; that one has to be disposed last */
  static async create(label: string, beside?: SourceUnderTest): Promise<SourceUnderTest> {
    const [topics, cluster] = await topicsOf(label);
    if (beside) return new SourceUnderTest(beside.database, topics, cluster, false);
    const source = new SourceUnderTest(await testDatabase(label), topics, cluster, true);
    await source.sql('CREATE TABLE settled (id int PRIMARY KEY)');
    return source;
  }

  /** Of a database of the caller's own. */
  static async on(database: TestDatabase, label: string): Promise<SourceUnderTest> {
    const [topics, cluster] = await topicsOf(label);
    const source = new SourceUnderTest(database, topics, cluster, false);
    await source.sql('CREATE TABLE settled (id int PRIMARY KEY)');
    return source;
  }

  sql<R extends Record<string, unknown>>(text: string, values?: unknown[]): Promise<R[]> {
    return this.database.query<R>(text, values);
  }

  /** Starts a life of the service without waiting for it. */
  async launch(options: SourceOptions): Promise<SpawnedService> {
    const path = join(this.#directory, 'hasivu.yaml');
    const tables = [...options.tables, 'public.settled'].map((table) => JSON.stringify(table)).join(', ');
    const lines = [
      'version: 1',
      'source:',
      `  postgres: { url: "env:SOURCE_URL", tables: [${tables}], publication: cdc, slot: ${options.slot ?? this.slot}${options.postgres ? `, ${options.postgres}` : ''} }`,
      `kafka: { brokers: ${JSON.stringify(this.topics.brokers)}, registry: ${JSON.stringify(this.topics.registry)}, prefix: ${this.topics.prefix}${options.kafka ? `, ${options.kafka}` : ''} }`,
      `tables: ${options.tableSettings ?? '{}'}`,
    ];
    writeFileSync(path, lines.join('\n'));
    this.#service = await spawnService('cdc-source', path, {
      env: { SOURCE_URL: options.url ?? this.database.url, ...options.env },
    });
    return this.#service;
  }

  /** Starts a life of the service and waits until it streams. */
  async start(options: SourceOptions): Promise<SpawnedService> {
    return await (await this.launch(options)).waitReady();
  }

  /** Starts a life that has to end with exit code 2 and this error, and to leave neither a slot nor a topic. */
  async refused(options: SourceOptions, error: RegExp): Promise<void> {
    const service = await this.launch(options);
    const { code } = await service.exited;
    const slots = await this.sql('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [this.slot]);
    const told = service.output.filter((line) => line.startsWith('error ')).join('\n');
    const left = { code, slots: slots.length, topics: await this.topicNames() };
    if (!error.test(told) || printed(left) !== printed({ code: 2, slots: 0, topics: [] }))
      throw new Error(`not refused as it should be: ${printed(left)} ${told}`);
  }

  /** Ends the running life at once, without a word. */
  async kill(): Promise<void> {
    await this.#service?.kill();
  }

  /** Waits until the running life streams. */
  async ready(): Promise<void> {
    await this.#service?.waitReady();
  }

  /** Waits until everything committed so far is visible in Kafka: a marker written now comes after all of it. */
  async settled(timeoutMs = 60_000): Promise<void> {
    const [row] = await this.sql<{ id: number }>(
      'INSERT INTO settled SELECT coalesce(max(id), 0) + 1 FROM settled RETURNING id',
    );
    await waitFor(
      'the marker to be in Kafka',
      async () => (await this.events('public.settled')).some((event) => event.after?.['id'] === row?.id),
      { timeoutMs },
    );
  }

  /** Every committed event of a table's topic, partition by partition. Positions are unique, or this throws. */
  async events(table: string): Promise<SeenEvent[]> {
    const [schema, name] = table.split('.') as [string, string];
    const topic = topicNames(this.topics.prefix).change(schema, name);
    const events: SeenEvent[] = [];
    await readTopic(
      this.#cluster,
      topic,
      async (cursor, partition) => {
        events.push(await this.#decode(cursor, partition));
      },
      AbortSignal.timeout(READ_WITHIN_MS),
    );
    assertNoDuplicates(
      events.filter((event) => event.op !== null).map((event) => `${event.commitLsn}:${event.seq}`),
    );
    return events.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  }

  /** Every committed record of any topic, partition by partition; empty where the topic does not exist. */
  async records(topic: string): Promise<SeenRecord[]> {
    if (!(await this.#cluster.listTopics()).includes(topic)) return [];
    const records: SeenRecord[] = [];
    await readTopic(
      this.#cluster,
      topic,
      (cursor, partition) => {
        const headers = [...cursor.headers()].map(([name, value]) => [name, value.toString()]);
        records.push({
          partition,
          offset: cursor.offset,
          key: cursor.copyKey(),
          value: cursor.copyValue(),
          timestampMs: Number(cursor.timestampMs),
          headers: Object.fromEntries(headers) as Record<string, string>,
        });
      },
      AbortSignal.timeout(READ_WITHIN_MS),
    );
    return records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  }

  /** Records of a topic that a reader of committed records has in front of it. */
  async committedRecords(topic: string): Promise<bigint> {
    return [...(await this.#cluster.endOffsets(topic, 'read_committed')).values()].reduce(
      (a, b) => a + b,
      0n,
    );
  }

  /** Decodes a framed value with a library that nobody here wrote. */
  async decodeAvro(framed: Buffer | null): Promise<Record<string, unknown>> {
    if (framed === null) throw new Error('a tombstone has nothing to decode');
    const id = framed.readInt32BE(1);
    let type = this.#types.get(id);
    if (!type) {
      const schema = JSON.parse(await this.#registry.schemaOf(id)) as avro.Schema;
      this.#types.set(id, (type = avro.Type.forSchema(schema, { wrapUnions: false })));
    }
    return type.fromBuffer(framed.subarray(5)) as Record<string, unknown>;
  }

  async confirmedLsn(): Promise<bigint> {
    const [row] = await this.sql<{ lsn: string }>(
      "SELECT (confirmed_flush_lsn - '0/0')::text AS lsn FROM pg_replication_slots WHERE slot_name = $1",
      [this.slot],
    );
    return BigInt(row?.lsn ?? 0);
  }

  async topicNames(): Promise<string[]> {
    return (await this.allTopics()).filter((topic) => topic.startsWith(this.topics.prefix));
  }

  /** Of others too. */
  allTopics(): Promise<string[]> {
    return this.#cluster.listTopics();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
    this.#cluster.close();
    if (this.#ownsDatabase) await this.database[Symbol.asyncDispose]();
    await this.topics[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #decode(cursor: RecordCursor, partition: number): Promise<SeenEvent> {
    const { buffer, offset, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    const key = keyStart < 0 ? null : await this.#decodeKey(buffer, keyStart, keyEnd);
    const headers = Object.fromEntries(
      [...cursor.headers()].map(([name, value]) => [name, value.toString()]),
    );
    const base = { partition, offset, key, headers };
    if (valueStart < 0) {
      return {
        ...base,
        op: null,
        commitLsn: 0n,
        seq: -1,
        snapshot: '',
        before: null,
        after: null,
        unavailable: [],
      };
    }
    const layout = layoutOf(await this.#registry.schemaOf(buffer.readInt32BE(valueStart + 1)));
    const reader = new EnvelopeReader(layout);
    reader.read(buffer, valueStart + 5, valueEnd);
    const row = (at: number): Record<string, ColumnValue> | null => {
      if (at < 0) return null;
      const cells = reader.cursorAt(at);
      return Object.fromEntries(
        layout.columns.map((column) => [column.name, readColumn(cells, column.type)]),
      );
    };
    return {
      ...base,
      op: String.fromCharCode(reader.op),
      commitLsn: reader.commitLsn,
      seq: reader.seq,
      snapshot: reader.snapshot,
      unavailable: [...reader.unavailable],
      before: row(reader.beforeOffset),
      after: row(reader.afterOffset),
    };
  }

  async #decodeKey(buffer: Buffer, start: number, end: number): Promise<Record<string, ColumnValue>> {
    const layout = keyLayoutOf(await this.#registry.schemaOf(buffer.readInt32BE(start + 1)));
    const cells = new AvroCursor().reset(buffer, start + 5, end);
    return Object.fromEntries(layout.columns.map((column) => [column.name, readValue(cells, column.type)]));
  }
}

async function topicsOf(label: string): Promise<[TopicPrefix, KafkaCluster]> {
  const topics = topicPrefix(label);
  const brokers = [...topics.brokers];
  return [topics, await KafkaCluster.connect({ brokers }, { clientId: `test-${label}` })];
}

/** The rows a consumer holds who applies the events of every partition in order, by key. */
export function stateOf(events: readonly SeenEvent[]): Map<string, Record<string, ColumnValue>> {
  const state = new Map<string, Record<string, ColumnValue>>();
  for (const event of [...events].sort(byPosition)) {
    if (event.op === null) continue;
    if (event.op === 't') {
      state.clear();
      continue;
    }
    const key = printed(event.key);
    if (event.op === 'd') {
      state.delete(key);
      continue;
    }
    const row = { ...event.after };
    // A value the log does not carry is the one the consumer already has.
    for (const name of event.unavailable) row[name] = state.get(key)?.[name] ?? null;
    state.set(key, row);
  }
  return state;
}

export function byPosition(a: SeenEvent, b: SeenEvent): number {
  return a.commitLsn === b.commitLsn ? a.seq - b.seq : a.commitLsn < b.commitLsn ? -1 : 1;
}

/** JSON with bigints as text. */
export function printed(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
}
