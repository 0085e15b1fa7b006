import {
  AvroDecodeError,
  schemaIdOf,
  WIRE_HEADER_BYTES,
  type ColumnSchema,
  type EnvelopeReader,
} from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import type { FetchedBatch, RecordCursor } from '@hasivu/kafka';
import { flushReason, type FlushLimits, type FlushReason } from '../core/flush-policy.ts';
import { assertKeyFed, assertSameKey } from '../core/fed-key.ts';
import { KnownKeys } from '../core/known-keys.ts';
import { lakeFields } from '../core/lake-columns.ts';
import { lakeName } from '../core/lake-name.ts';
import { OffsetLedger, partitionAppId } from '../core/offset-ledger.ts';
import { isAfter, type ChangePosition, type PlaceHalves } from '../core/change-position.ts';
import { firstWith, isNoneBefore } from '../core/first-places.ts';
import { pageCompression, type PageCompression } from '../core/page-compression.ts';
import { MAX_FETCHED_PARTITIONS, OP, RowBatch, TARGET } from '../core/row-batch.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { AwaitedRoom } from './awaited-room.ts';
import { flushBatch, type FlushTools } from './batch-flush.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { EventSchemas } from './event-schemas.ts';
import type { TopicTables } from './topic-tables.ts';

export interface TopicWriterTools extends FlushTools {
  readonly schemas: EventSchemas;
  readonly deadLetters: DeadLetters;
  readonly limits: FlushLimits;
  readonly nowMs: () => number;
  /** Called after every commit with what became durable. */
  readonly onDurable: (rows: number, offsets: ReadonlyMap<number, number>) => void;
}

/** Schema of an event whose reader the topic has, but whose columns its tables may not. */
type Step = 'taken' | 'unknown-schema' | 'unknown-key' | 'unfit' | 'other-key' | { readonly damage: string };

/** One topic's way into the lake: all its partitions, one open batch, one flush at a time. */
export class TopicWriter {
  readonly binding: TopicBinding;
  readonly #tables: TopicTables;
  readonly #tools: TopicWriterTools;
  readonly #room: AwaitedRoom;
  readonly #ledger: OffsetLedger;
  readonly #compression: PageCompression;
  /** Open batches by target bits; more than one only while a table catches up after a crash. */
  #open = new Map<number, RowBatch>();
  #sealed: readonly RowBatch[] = [];
  #flushing: Promise<void> | null = null;
  /** Of the flush that failed: what came after it must not be durable before it is. */
  #failed: { readonly error: unknown } | null = null;
  #targets: number;
  /** Lake names; null until a record or a table tells. */
  #key: readonly string[] | null;
  /** Timestamp of the newest record read, milliseconds since 1970; 0 before the first. */
  newestMs = 0;
  /** The last TRUNCATE seen before the first row: batches of tables with a key start from it. */
  #earlyTruncate: ChangePosition | null = null;
  /** With the places of the first changes known with their columns: an earlier one has to be recorded. */
  readonly #fits = new Map<EnvelopeReader, readonly PlaceHalves[]>();
  /** The same for changes that come before those that the tables' columns are of. */
  readonly #fitsBefore = new Map<EnvelopeReader, readonly PlaceHalves[]>();
  readonly #knownKeys = new KnownKeys();
  #deadLettered = 0;
  #heldBytes = 0;
  /** An open batch has as many partition files as it may: the next row waits, also of the same fetched batch. */
  #isCrowded = false;

  constructor(binding: TopicBinding, tables: TopicTables, tools: TopicWriterTools) {
    this.binding = binding;
    this.#tables = tables;
    this.#room = new AwaitedRoom(tools.room);
    this.#tools = { ...tools, room: this.#room };
    this.#compression = pageCompression(binding.codec ?? (tables.log ?? tables.state)?.codec ?? 'zstd');
    this.#key = tables.storedKey;
    this.#targets =
      (binding.logRoot === null ? 0 : TARGET.log) | (binding.stateRoot === null ? 0 : TARGET.state);
    for (const { bit } of tables.histories) this.#targets |= bit;
    this.#ledger = new OffsetLedger(this.#targets);
    if (this.#key !== null) this.#restrictTargets(this.#key);
  }

  /** First offset that some table lacks. @throws LAKE_OFFSET_GAP when Kafka no longer has it */
  openPartition(partition: number, earliest: number): number {
    const appId = partitionAppId(this.binding.topic, partition);
    this.#ledger.open(
      partition,
      this.#tables.log?.txnOf(appId) ?? -1,
      this.#tables.state?.txnOf(appId) ?? -1,
      ...this.#tables.histories.map(({ table }) => table.txnOf(appId)),
    );
    const wanted = this.#ledger.startOffset(partition);
    if (wanted === 0 || wanted >= earliest) return Math.max(wanted, earliest);
    throw new PlatformError('LAKE_OFFSET_GAP', {
      doing: `continuing ${this.binding.table} from partition ${partition} of "${this.binding.topic}"`,
      why: `the table ends at offset ${wanted - 1}, the topic begins at ${earliest}`,
      context: { topic: this.binding.topic, partition, wanted, earliest },
    });
  }

  /** Bytes of rows accepted and not durable, as of the last fetched batch: asked for often, and of hundreds of tables. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isFlushing(): boolean {
    return this.#flushing !== null;
  }

  /** Its flush waits for room in the lake. */
  get waitsForRoom(): boolean {
    return this.#room.isAwaited;
  }

  get hasRows(): boolean {
    for (const batch of this.#open.values()) if (batch.rows > 0) return true;
    return this.#deadLettered > 0;
  }

  /** Why the open rows should be flushed now, or null. */
  due(): FlushReason | null {
    for (const batch of this.#open.values()) {
      const reason = flushReason(batch, this.#tools.limits, this.#tools.nowMs());
      if (reason !== null) return reason;
    }
    return this.#deadLettered > 0 ? 'interval' : null;
  }

  /** Decodes a fetched batch into the open rows. Waits only for schemas and what they change. */
  async consume(fetched: FetchedBatch): Promise<void> {
    const { cursor, partition } = fetched;
    while (cursor.next()) {
      for (let step = this.#take(cursor, partition); step !== 'taken'; step = this.#take(cursor, partition)) {
        await this.#resolve(step, cursor, partition);
        if (typeof step === 'object') break;
      }
      if (this.#isCrowded) await this.flush();
    }
    for (const readers of [this.#fits, this.#fitsBefore])
      for (const reader of readers.keys()) reader.release();
    this.#weigh();
    if (cursor.timestampMs > 0) this.newestMs = cursor.timestampMs;
  }

  /** Makes everything accepted so far durable. @throws what a flush before it failed with: later offsets would hide its rows */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
    if (this.#failed !== null) throw this.#failed.error;
    if (!this.hasRows) return;
    this.#flushing = this.#flushOpen();
    try {
      await this.#flushing;
    } catch (error) {
      this.#failed = { error };
      throw error;
    } finally {
      this.#flushing = null;
    }
  }

  /** Its table stops: what is not durable is read again by a next start, and need not be held until then. */
  abandon(): void {
    this.#open = new Map();
    this.#sealed = [];
    this.#deadLettered = 0;
    this.#weigh();
  }

  async #flushOpen(): Promise<void> {
    // A table that catches up must have its old rows before its new ones.
    const batches = [...this.#open.values()].sort((left, right) => left.targets - right.targets);
    this.#open = new Map();
    this.#isCrowded = false;
    this.#sealed = batches;
    if (this.#deadLettered > 0) await this.#tools.deadLetters.flush();
    this.#deadLettered = 0;
    for (const batch of batches) {
      await flushBatch(batch, this.binding, this.#tables, this.#tools);
      this.#tools.metrics.rows.inc({ table: this.binding.table }, batch.rows);
      this.#tools.onDurable(batch.rows, batch.offsets);
    }
    this.#sealed = [];
    this.#weigh();
  }

  #weigh(): void {
    let held = 0;
    for (const batch of this.#open.values()) held += batch.heldBytes;
    for (const batch of this.#sealed) held += batch.heldBytes;
    this.#heldBytes = held;
  }

  #take(cursor: RecordCursor, partition: number): Step {
    const offset = cursor.offsetNumber;
    const wanted = this.#ledger.wantedBy(partition, offset);
    if (wanted === 0) return 'taken';
    const { valueStart, valueEnd, buffer } = cursor;
    if (valueStart < 0) return this.#pass(partition, offset, wanted);
    const schemaId = schemaIdOf(buffer, valueStart, valueEnd);
    if (schemaId < 0) return { damage: 'the value is not framed with a schema id' };
    const reader = this.#tools.schemas.readerOf(schemaId);
    if (reader === undefined) return 'unknown-schema';
    if (reader === null) return { damage: `the schema ${schemaId} is not that of a change event` };
    try {
      reader.read(buffer, valueStart + WIRE_HEADER_BYTES, valueEnd);
      if (reader.op === OP.message) return this.#pass(partition, offset, wanted);
      if (this.#key === null && reader.op !== OP.truncate) return 'unknown-key';
      if (!this.#isFit(reader)) return 'unfit';
      if (this.#isKeyed && !this.#knownKeys.has(keyIdOf(cursor))) return 'other-key';
      if (reader.op !== OP.truncate && rowMissing(reader)) return { damage: 'the event has no row' };
      // Whether there is a state table is known from the first row on; older rows of other partitions may follow it.
      if (this.#key === null) this.#noteEarlyTruncate({ lsn: reader.commitLsn, seq: reader.seq });
      const targets = this.#key === null ? wanted & TARGET.log : wanted;
      if (targets !== 0) {
        const batch = this.#batchFor(targets);
        batch.append(reader, partition, offset);
        if (batch.openPartitions >= MAX_FETCHED_PARTITIONS) this.#isCrowded = true;
        if (targets !== wanted) batch.offsets.set(partition, offset);
      }
    } catch (error) {
      if (error instanceof AvroDecodeError) return { damage: 'the value does not decode by its own schema' };
      throw error;
    }
    return this.#accepted(partition, offset, wanted);
  }

  #isFit(reader: EnvelopeReader): boolean {
    const first = this.#fits.get(reader);
    if (first !== undefined) return isNoneBefore(reader, first);
    const firstBefore = this.#fitsBefore.get(reader);
    if (firstBefore === undefined || !isNoneBefore(reader, firstBefore)) return false;
    return this.#tables.isBeforeColumns(reader.commitLsn, reader.seq);
  }

  /** Whether rows are found by their key; the change log has no need of one. */
  get #isKeyed(): boolean {
    return this.#key !== null && this.#key.length > 0 && (this.#targets & ~TARGET.log) !== 0;
  }

  async #resolve(step: Exclude<Step, 'taken'>, cursor: RecordCursor, partition: number): Promise<void> {
    const schemaId = schemaIdOf(cursor.buffer, cursor.valueStart, cursor.valueEnd);
    if (step === 'unknown-schema') {
      await this.#tools.schemas.learn(schemaId);
    } else if (step === 'unknown-key') {
      this.#decideKey(await this.#keyOf(cursor));
    } else if (step === 'unfit') {
      await this.#fit(this.#tools.schemas.readerOf(schemaId) as EnvelopeReader);
    } else if (step === 'other-key') {
      await this.#fitKey(keyIdOf(cursor), this.#tools.schemas.readerOf(schemaId) as EnvelopeReader);
    } else {
      const { topic } = this.binding;
      await this.#tools.deadLetters.send(cursor, {
        topic,
        partition,
        offset: cursor.offsetNumber,
        reason: step.damage,
      });
      this.#deadLettered += 1;
      const wanted = this.#ledger.wantedBy(partition, cursor.offsetNumber);
      if (this.#tables.shape !== null) this.#batchFor(wanted);
      this.#accepted(partition, cursor.offsetNumber, wanted);
    }
  }

  /** Passed over on purpose: the offset counts as done with the rows before it. */
  #pass(partition: number, offset: number, wanted: number): 'taken' {
    return this.#accepted(partition, offset, wanted);
  }

  #accepted(partition: number, offset: number, wanted: number): 'taken' {
    this.#ledger.accept(partition, offset, wanted);
    this.#open.get(wanted)?.offsets.set(partition, offset);
    return 'taken';
  }

  #batchFor(wanted: number): RowBatch {
    let batch = this.#open.get(wanted);
    if (batch === undefined) {
      const { shape } = this.#tables;
      if (shape === null) throw new TypeError('rows before their schema');
      batch = new RowBatch(
        shape,
        wanted,
        this.binding.table,
        this.#tools.nowMs(),
        this.#compression,
        (wanted & TARGET.log) === 0 ? undefined : this.#tables.log?.columns,
      );
      this.#open.set(wanted, batch);
      if (this.#earlyTruncate !== null && (wanted & ~TARGET.log) !== 0)
        batch.noteTruncate(this.#earlyTruncate);
    }
    return batch;
  }

  #noteEarlyTruncate(position: ChangePosition): void {
    if (this.#earlyTruncate === null || isAfter(position, this.#earlyTruncate))
      this.#earlyTruncate = position;
  }

  async #keyOf(cursor: RecordCursor): Promise<readonly string[]> {
    const schemaId = keyIdOf(cursor);
    return schemaId < 0 ? [] : ((await this.#tools.schemas.keyColumns(schemaId)) ?? []).map(lakeName);
  }

  #decideKey(key: readonly string[]): void {
    this.#key = key;
    this.#fits.clear();
    this.#fitsBefore.clear();
    this.#restrictTargets(key);
  }

  #restrictTargets(key: readonly string[]): void {
    if (key.length === 0) this.#targets &= TARGET.log;
    else if (this.binding.isEither) this.#targets &= ~TARGET.log;
    this.#ledger.restrict(this.#targets);
  }

  /** Brings the tables to this reader's columns; rows of the old shape are made durable first. */
  async #fit(reader: EnvelopeReader): Promise<void> {
    if (this.#key?.length === 0 && this.#tables.histories.length > 0) throw historyWithoutKey(this.binding);
    const planned = this.#tables.planShape(
      lakeFields(reader.layout.columns, this.binding.table),
      this.#key ?? [],
      { lsn: reader.commitLsn, seq: reader.seq },
    );
    await this.#checkKey(planned ?? this.#tables.shape, reader.layout.columns);
    if (planned !== null || !this.#tables.hold(this.#targets, this.#key)) {
      await this.flush();
      const shape = planned ?? this.#tables.shape;
      if (shape !== null) await this.#adopt(shape);
    }
    const isBefore = this.#tables.isBeforeColumns(reader.commitLsn, reader.seq);
    const first = firstWith(this.#tables.shape?.rowFields ?? [], reader.layout.columns);
    (isBefore ? this.#fitsBefore : this.#fits).set(reader, first);
  }

  async #checkKey(shape: TableShape | null, columns: readonly ColumnSchema[]): Promise<void> {
    if (shape === null || !this.#isKeyed) return;
    await this.#flushedIfNot(() => assertKeyFed(shape, columns, this.binding));
  }

  /** Without a key, as while a primary key is made anew, a record says nothing of one. */
  async #fitKey(schemaId: number, { layout }: EnvelopeReader): Promise<void> {
    const keyed = schemaId < 0 ? null : await this.#tools.schemas.keyColumns(schemaId);
    const { shape } = this.#tables;
    if (keyed !== null && shape !== null)
      await this.#flushedIfNot(() => assertSameKey(shape, keyed, layout.columns, this.binding));
    this.#knownKeys.add(schemaId);
  }

  /** What came before a change that stops the table is durable. */
  async #flushedIfNot(holds: () => void): Promise<void> {
    try {
      holds();
    } catch (error) {
      await this.flush();
      throw error;
    }
  }

  /** What other readers' columns are called may have changed with it. */
  async #adopt(shape: TableShape): Promise<void> {
    // The key's columns are renamed with the others.
    const key = this.#key === null || this.#key.length === 0 ? this.#key : shape.key;
    await this.#tables.adopt(shape, this.#targets, key);
    this.#key = key;
    this.#fits.clear();
    this.#fitsBefore.clear();
    this.#knownKeys.clear();
  }
}

/** -1 where the record has no key, or none that is framed. */
function keyIdOf({ buffer, keyStart, keyEnd }: RecordCursor): number {
  return keyStart < 0 ? -1 : schemaIdOf(buffer, keyStart, keyEnd);
}

function historyWithoutKey({ table, topic }: TopicBinding): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `preparing the histories of ${table}`,
    why: 'the table has no key, by which the versions of a row belong together',
    context: { table, topic },
  });
}

function rowMissing(reader: EnvelopeReader): boolean {
  return (reader.op === OP.delete ? reader.beforeOffset : reader.afterOffset) < 0;
}
