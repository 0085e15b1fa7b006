import { AvroDecodeError, schemaIdOf, WIRE_HEADER_BYTES, type EnvelopeReader } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import type { FetchedBatch, RecordCursor } from '@hasivu/kafka';
import { firstWith } from '../core/first-places.ts';
import { FittingReaders } from '../core/fitting-readers.ts';
import type { FlushLimits, FlushReason } from '../core/flush-policy.ts';
import { lakeFields } from '../core/lake-columns.ts';
import { OffsetLedger, partitionAppId } from '../core/offset-ledger.ts';
import { OpenBatches } from '../core/open-batches.ts';
import { pageCompression, type PageCompression } from '../core/page-compression.ts';
import { OP, RowBatch, TARGET } from '../core/row-batch.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { AwaitedRoom } from './awaited-room.ts';
import { flushBatch, type FlushTools } from './batch-flush.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { EventSchemas } from './event-schemas.ts';
import { TopicKey } from './topic-key.ts';
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
  readonly #batches = new OpenBatches();
  readonly #fitting = new FittingReaders();
  readonly #key: TopicKey;
  #flushing: Promise<void> | null = null;
  /** Of the flush that failed: what came after it must not be durable before it is. */
  #failed: { readonly error: unknown } | null = null;
  #targets: number;
  /** Timestamp of the newest record read, milliseconds since 1970; 0 before the first. */
  newestMs = 0;
  /** Records read since it was opened. */
  recordsRead = 0;
  #isClosed = false;
  #deadLettered = 0;

  constructor(binding: TopicBinding, tables: TopicTables, tools: TopicWriterTools) {
    this.binding = binding;
    this.#tables = tables;
    this.#room = new AwaitedRoom(tools.room);
    this.#tools = { ...tools, room: this.#room };
    this.#compression = pageCompression(binding.codec ?? (tables.log ?? tables.state)?.codec ?? 'zstd');
    this.#key = new TopicKey(binding, tools.schemas, tables.storedKey);
    this.#targets =
      (binding.logRoot === null ? 0 : TARGET.log) | (binding.stateRoot === null ? 0 : TARGET.state);
    for (const { bit } of tables.histories) this.#targets |= bit;
    this.#ledger = new OffsetLedger(this.#targets);
    if (this.#key.columns !== null) this.#restrictTargets(this.#key.columns);
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
    return this.#batches.heldBytes;
  }

  get isFlushing(): boolean {
    return this.#flushing !== null;
  }

  /** Its flush waits for room in the lake. */
  get waitsForRoom(): boolean {
    return this.#room.isAwaited;
  }

  get hasRows(): boolean {
    return this.#batches.hasRows || this.#deadLettered > 0;
  }

  /** Why the open rows should be flushed now, or null. */
  due(): FlushReason | null {
    const reason = this.#batches.due(this.#tools.limits, this.#tools.nowMs());
    return reason ?? (this.#deadLettered > 0 ? 'interval' : null);
  }

  /** Decodes a fetched batch into the open rows. Waits only for schemas and what they change. */
  async consume(fetched: FetchedBatch): Promise<void> {
    if (this.#isClosed) return;
    const { cursor, partition } = fetched;
    while (cursor.next()) {
      for (let step = this.#take(cursor, partition); step !== 'taken'; step = this.#take(cursor, partition)) {
        await this.#resolve(step, cursor, partition);
        if (this.#isClosed) return;
        if (typeof step === 'object') break;
      }
      if (this.#batches.isCrowded) await this.flush();
      if (this.#isClosed) return;
    }
    this.#fitting.release();
    this.#batches.weigh();
    if (cursor.timestampMs > 0) this.newestMs = cursor.timestampMs;
    this.recordsRead += Number(fetched.nextOffset - fetched.fetchOffset);
  }

  /** Makes everything accepted so far durable. @throws what a flush before it failed with: later offsets would hide its rows */
  async flush(): Promise<void> {
    while (this.#flushing !== null) await this.#flushing;
    if (this.#failed !== null) throw this.#failed.error;
    if (!this.hasRows || this.#isClosed) return;
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

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** It is no longer the one to write its tables: nothing is accepted or flushed any more, but what is under way may end. */
  close(): void {
    this.#isClosed = true;
    this.#room.close();
    this.abandon();
  }

  /** Its table stops: what is not durable is read again by a next start, and need not be held until then. */
  abandon(): void {
    this.#batches.drop();
    this.#deadLettered = 0;
  }

  async #flushOpen(): Promise<void> {
    const batches = this.#batches.seal();
    if (this.#deadLettered > 0) await this.#tools.deadLetters.flush();
    this.#deadLettered = 0;
    for (const batch of batches) {
      await flushBatch(batch, this.binding, this.#tables, this.#tools);
      this.#tools.metrics.rows.inc({ table: this.binding.table }, batch.rows);
      this.#tools.onDurable(batch.rows, batch.offsets);
    }
    this.#batches.settle();
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
      const key = this.#key.columns;
      if (key === null && reader.op !== OP.truncate) return 'unknown-key';
      if (!this.#fitting.has(reader, this.#tables)) return 'unfit';
      if (this.#isKeyed && !this.#key.isKeyOf(cursor)) return 'other-key';
      if (reader.op !== OP.truncate && rowMissing(reader)) return { damage: 'the event has no row' };
      // Whether there is a state table is known from the first row on; older rows of other partitions may follow it.
      if (key === null) this.#batches.noteEarlyTruncate({ lsn: reader.commitLsn, seq: reader.seq });
      const targets = key === null ? wanted & TARGET.log : wanted;
      if (targets !== 0) {
        const batch = this.#batchFor(targets);
        batch.append(reader, partition, offset);
        this.#batches.noteAppended(batch);
        if (targets !== wanted) batch.offsets.set(partition, offset);
      }
    } catch (error) {
      if (error instanceof AvroDecodeError) return { damage: 'the value does not decode by its own schema' };
      throw error;
    }
    return this.#accepted(partition, offset, wanted);
  }

  /** Whether rows are found by their key; the change log has no need of one. */
  get #isKeyed(): boolean {
    const { columns } = this.#key;
    return columns !== null && columns.length > 0 && (this.#targets & ~TARGET.log) !== 0;
  }

  async #resolve(step: Exclude<Step, 'taken'>, cursor: RecordCursor, partition: number): Promise<void> {
    const schemaId = schemaIdOf(cursor.buffer, cursor.valueStart, cursor.valueEnd);
    if (step === 'unknown-schema') {
      await this.#tools.schemas.learn(schemaId);
    } else if (step === 'unknown-key') {
      const key = await this.#key.decide(cursor);
      this.#fitting.clear();
      this.#restrictTargets(key);
    } else if (step === 'unfit') {
      await this.#fit(this.#tools.schemas.readerOf(schemaId) as EnvelopeReader);
    } else if (step === 'other-key') {
      const { columns } = (this.#tools.schemas.readerOf(schemaId) as EnvelopeReader).layout;
      const named = await this.#key.namedIn(cursor);
      await this.#flushedFirst(() => this.#key.admit(cursor, named, this.#tables.shape, columns));
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
    this.#batches.at(wanted)?.offsets.set(partition, offset);
    return 'taken';
  }

  #batchFor(wanted: number): RowBatch {
    return this.#batches.at(wanted) ?? this.#openBatch(wanted);
  }

  #openBatch(wanted: number): RowBatch {
    const { shape, log } = this.#tables;
    if (shape === null) throw new TypeError('rows before their schema');
    const columns = (wanted & TARGET.log) === 0 ? undefined : log?.columns;
    const nowMs = this.#tools.nowMs();
    const batch = new RowBatch(shape, wanted, this.binding.table, nowMs, this.#compression, columns);
    this.#batches.open(batch);
    return batch;
  }

  #restrictTargets(key: readonly string[]): void {
    if (key.length === 0) this.#targets &= TARGET.log;
    else if (this.binding.isEither) this.#targets &= ~TARGET.log;
    this.#ledger.restrict(this.#targets);
  }

  /** Brings the tables to this reader's columns; rows of the old shape are made durable first. */
  async #fit(reader: EnvelopeReader): Promise<void> {
    const key = this.#key.columns;
    const { columns } = reader.layout;
    if (key?.length === 0 && this.#tables.histories.length > 0) throw historyWithoutKey(this.binding);
    const planned = this.#tables.planShape(lakeFields(columns, this.binding.table), key ?? [], {
      lsn: reader.commitLsn,
      seq: reader.seq,
    });
    const shape = planned ?? this.#tables.shape;
    if (shape !== null && this.#isKeyed) await this.#flushedFirst(() => this.#key.assertFed(shape, columns));
    if (planned !== null || !this.#tables.hold(this.#targets, key)) {
      await this.flush();
      if (this.#isClosed) return;
      if (shape !== null) await this.#adopt(shape);
    }
    this.#fitting.add(reader, this.#tables, firstWith(this.#tables.shape?.rowFields ?? [], columns));
  }

  /** What came before a change that stops the table is durable. */
  async #flushedFirst(check: () => void): Promise<void> {
    try {
      check();
    } catch (error) {
      await this.flush();
      throw error;
    }
  }

  /** What other readers' columns are called may have changed with it. */
  async #adopt(shape: TableShape): Promise<void> {
    // Without a key none is recorded; with one, its columns are renamed with the others.
    const key = this.#key.columns;
    await this.#tables.adopt(shape, this.#targets, key === null || key.length === 0 ? key : shape.key);
    this.#key.rename(shape.key);
    this.#fitting.clear();
  }
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
