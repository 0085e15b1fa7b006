import type { SourceMoment } from '@hasivu/change-events';
import type { TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from './captured-table.ts';
import type { EventSink } from './event-sink.ts';
import { EventWriter, type RecordHeaders } from './event-writer.ts';
import { fitEnvelope, type OversizeRule } from './oversize.ts';
import type { SchemaChanges } from './schema-changes.ts';
import type { TraceContext } from './trace-context.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';

/** What events have beyond the change itself; each null or absent where it is not asked for. */
export interface EventExtras {
  /** Fills the transaction block; null leaves it null, as copied rows have it. */
  readonly transactions?: TransactionMetadata | null;
  /** Told of a shape ahead of its first event. */
  readonly schemaChanges?: SchemaChanges | null;
  /** What becomes of a row that does not fit into a record; the source stops where it is absent. */
  readonly oversize?: OversizeRule;
  /** Gives the header of the trace. */
  readonly trace?: TraceContext | null;
}

/**
 * Makes a row's event and hands it to the sink, whether the row was streamed, copied or read beside the stream: envelope,
 * the rule for rows too large, headers, key. Copied and streamed rows of a key meet in one partition.
 */
export class EventAppender {
  readonly #sink: EventSink;
  readonly #oversize: OversizeRule;
  readonly #trace: TraceContext | null;
  /** Holds the envelope and the key of the event appended last. */
  readonly writer: EventWriter;

  constructor(sink: EventSink, extras: EventExtras) {
    this.#sink = sink;
    this.#oversize = extras.oversize ?? 'stop';
    this.#trace = extras.trace ?? null;
    this.writer = new EventWriter(extras.transactions, extras.schemaChanges);
  }

  /**
   * @param op character code of the operation
   * @param src what `before`, `after` and `keyRow` are located in
   * @returns the partition
   * @throws PlatformError SOURCE_ROW_TOO_LARGE, SOURCE_KEY_VALUE
   */
  append(
    table: CapturedTable,
    op: number,
    moment: SourceMoment,
    nowMs: number,
    src: Buffer,
    before: TupleSpans | null,
    after: TupleSpans | null,
    keyRow: TupleSpans,
  ): number {
    const writer = this.writer;
    writer.writeEnvelope(table, op, moment, nowMs, src, before, after);
    const omitted =
      writer.size > table.maxValueBytes
        ? fitEnvelope(this.#oversize, writer, table, moment, src, before, after)
        : null;
    const inexact = writer.headers.length > 0;
    if (inexact) table.inexactEvents++;
    let headers = inexact ? writer.headers : undefined;
    if (omitted !== null) headers = [...(headers ?? []), ...omitted];
    if (this.#trace !== null) headers = this.#trace.with(headers);
    return this.#send(table, src, keyRow, moment, headers);
  }

  #send(
    table: CapturedTable,
    src: Buffer,
    keyRow: TupleSpans,
    moment: SourceMoment,
    headers: RecordHeaders | undefined,
  ): number {
    const { key, value } = this.writer;
    const { topic, partitions, keyFrame } = table;
    const atMs = moment.commitTsMs;
    if (keyFrame === null) {
      const partition = keylessPartition(moment, partitions);
      this.#sink.append(topic, partition, null, 0, 0, value.bytes, 0, value.pos, atMs, headers);
      return partition;
    }
    this.writer.writeKey(table, src, keyRow);
    const partition = keyFrame.partitionOf(key.bytes, key.pos, partitions);
    this.#sink.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, atMs, headers);
    return partition;
  }
}

/** Without a key there is no order to keep: spread by position, the same way at every replay. */
function keylessPartition(moment: SourceMoment, partitions: number): number {
  return ((moment.commitLsnLo >>> 3) + moment.seq) % partitions;
}
