import { randomUUID } from 'node:crypto';
import {
  AvroBuffer,
  SourceBlockWriter,
  valueSchema,
  wireHeader,
  writeColumn,
  type TableSchema,
} from '@hasivu/change-events';
import type { FetchedBatch, RecordCursor } from '@hasivu/kafka';
import type { Room } from '@hasivu/lake-engine';
import type { ObjectStore } from '@hasivu/object-store';
import { Registry } from 'prom-client';
import type { TopicBinding } from '../src/core/topic-binding.ts';
import { EventSchemas } from '../src/io/event-schemas.ts';
import { LakeTable } from '../src/io/lake-table.ts';
import { SinkLoop } from '../src/io/sink-loop.ts';
import type { TopicSet } from '../src/io/topic-set.ts';
import { TopicTables } from '../src/io/topic-tables.ts';
import { TopicWriter, type TopicWriterTools } from '../src/io/topic-writer.ts';
import { createSinkMetrics } from '../src/metrics.ts';

const EMPTY: Buffer = Buffer.alloc(0);
const nothing = (): void => undefined;

/** The sink's own loop and writers of change logs without a key, over a store in memory; batches are handed to the writers. */
export class LogBench {
  readonly metrics = createSinkMetrics(new Registry());
  readonly #store: ObjectStore;
  readonly #room: Room;

  constructor(store: ObjectStore, room: Room) {
    this.#store = store;
    this.#room = room;
  }

  /** A writer that goes on where the table is; it reads partition 0. */
  async writer(name: string): Promise<{ readonly writer: TopicWriter; readonly startOffset: number }> {
    const binding = bindingOf(name);
    const tools = this.#tools(name);
    const tables = new TopicTables(
      binding,
      { log: await this.table(name), state: null, histories: [] },
      tools,
    );
    const writer = new TopicWriter(binding, tables, tools);
    return { writer, startOffset: writer.openPartition(0, 0) };
  }

  table(name: string): Promise<LakeTable> {
    const around = { store: this.#store, nowMs: Date.now, newId: randomUUID, engineInfo: 'bench' };
    return LakeTable.open(bindingOf(name).logRoot as string, { ...around, onUpkeepFailed: nothing });
  }

  /** The loop over these writers. Kafka tells it nothing. */
  loop(writers: readonly TopicWriter[], heldBytesLimit: number): SinkLoop {
    const topics = {
      discover: () => Promise.resolve([]),
      leaveOthers: () => [],
      isShared: false,
      writers,
      writerOf: (topic: string) => writers.find(({ binding }) => binding.topic === topic),
      partitionsOf: () => 1,
    } as unknown as TopicSet;
    return new SinkLoop({
      cluster: {} as never,
      topics,
      metrics: this.metrics,
      heldBytesLimit,
      tickMs: 20,
      discoverMs: 60_000,
      alive: nothing,
      onStopped: nothing,
      onFailed: nothing,
      onFenced: nothing,
    });
  }

  #tools(name: string): TopicWriterTools & ConstructorParameters<typeof TopicTables>[2] {
    const schema = JSON.stringify(valueSchema('bench', schemaOf(name)));
    return {
      // A log without a key asks nothing of them.
      engine: null as never,
      cache: null as never,
      merger: null as never,
      historyMerger: null as never,
      deadLetters: null as never,
      failpoint: nothing,
      room: this.#room,
      metrics: this.metrics,
      newId: randomUUID,
      onShattered: nothing,
      schemas: new EventSchemas({ schemaOf: () => Promise.resolve(schema) }),
      limits: { rows: 1e6, bytes: 4 << 20, intervalMs: 50 },
      nowMs: () => performance.now(),
      onDurable: nothing,
    };
  }
}

const schemaOf = (table: string): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: [{ name: 'v', type: { kind: 'string' }, pgType: 'text' }],
  key: [],
});

function bindingOf(name: string): TopicBinding {
  return {
    topic: `bench.${name}`,
    table: `public.${name}`,
    logRoot: `bronze/public/${name}`,
    stateRoot: null,
    isEither: false,
    partitions: [],
    vectors: 'never',
    mapsColumns: false,
    onDrop: 'keep',
    feed: 'off',
    checks: {},
    generated: {},
    histories: [],
    codec: null,
  };
}

/** Inserts of these values, as they come from partition 0 of a table's topic. */
export function inserted(name: string, values: readonly string[], from: number): FetchedBatch {
  const events = values.map((value, at) => insertOf(name, value, from + at));
  let at = -1;
  const cursor = {
    timestampMs: 1_790_000_000_456,
    keyStart: -1,
    keyEnd: -1,
    buffer: EMPTY,
    valueStart: 0,
    valueEnd: 0,
    offsetNumber: 0,
    next(): boolean {
      at += 1;
      const event = events[at];
      if (event === undefined) return false;
      this.buffer = event;
      this.valueEnd = event.length;
      this.offsetNumber = from + at;
      return true;
    },
  };
  return {
    topic: `bench.${name}`,
    partition: 0,
    fetchOffset: BigInt(from),
    nextOffset: BigInt(from + values.length),
    highWatermark: BigInt(from + values.length),
    lastStableOffset: BigInt(from + values.length),
    cursor: cursor as unknown as RecordCursor,
    bytes: events.reduce((sum, event) => sum + event.length, 0),
  };
}

function insertOf(table: string, value: string, seq: number): Buffer {
  const { columns } = schemaOf(table);
  const source = new SourceBlockWriter({
    version: '1',
    name: 'bench',
    database: 'db',
    schema: 'public',
    table,
  });
  const out = new AvroBuffer(256);
  out.reset();
  out.writeString('c');
  out.writePresent();
  out.writeLong(1_790_000_000_456);
  const place = { lsnHi: 0, lsnLo: 1_000 + seq, commitLsnHi: 0, commitLsnLo: 1_000 + seq, seq };
  source.write(out, { commitTsMs: 1_790_000_000_123, snapshot: 'false', txId: 77, ...place });
  // Neither a transaction, nor columns that did not come, nor the row as it was.
  for (let absent = 0; absent < 3; absent += 1) out.writeNull();
  out.writePresent();
  for (const column of columns) writeColumn(out, column.type, value);
  return Buffer.concat([wireHeader(1), out.bytes.subarray(0, out.pos)]);
}
