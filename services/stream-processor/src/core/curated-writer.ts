import { AvroBuffer, type EnvelopeReader } from '@hasivu/change-events';

import type { OutputTopic } from './output-topic.ts';
import type { RecordSink, SourceRecord } from './record-sink.ts';
import type { RowImage } from './row-image.ts';
import type { TransactionTotals } from './transaction-totals.ts';

const OP_DELETE = 0x64;
const NO_UNAVAILABLE: readonly string[] = [];

/** The old image of a delete: a row of the event, or only the key's columns of one, or none. */
export type OldImage = { readonly image: RowImage; readonly keySlots: readonly number[] | null } | null;

/**
 * Writes envelopes of curated topics: the event's own head (operation, source position, transaction) with the finished
 * rows. One buffer each for key and value, reused.
 */
export class CuratedWriter {
  readonly key = new AvroBuffer(256);
  readonly #value = new AvroBuffer();
  readonly #sink: RecordSink;
  readonly #totals: TransactionTotals;
  /** Length of the key's bytes after the frame, or -1 for a null key. */
  #keyBytes = -1;

  constructor(sink: RecordSink, totals: TransactionTotals) {
    this.#sink = sink;
    this.#totals = totals;
  }

  /** Takes the key of the event as it is. */
  copyKey(record: SourceRecord, frameBytes: number): void {
    if (record.keyStart < 0) return this.noKey();
    this.key.reset();
    this.key.writeRaw(record.buffer, record.keyStart, record.keyEnd);
    this.#keyBytes = record.keyEnd - record.keyStart - frameBytes;
  }

  /** The key was encoded into {@link key} after room for the frame. */
  keyEncoded(frameBytes: number): void {
    this.#keyBytes = this.key.pos - frameBytes;
  }

  noKey(): void {
    this.#keyBytes = -1;
  }

  get hasKey(): boolean {
    return this.#keyBytes >= 0;
  }

  /** Writes the event with its new row. */
  upsert(
    to: OutputTopic,
    record: SourceRecord,
    reader: EnvelopeReader,
    before: RowImage | null,
    after: RowImage,
    sourcePartition: number,
  ): void {
    const out = this.#begin(to, record, reader);
    this.#unavailable(out, after.row.hasUnavailable ? after.unavailableOutputs() : NO_UNAVAILABLE);
    if (before) {
      out.writePresent();
      before.write(out);
    } else out.writeNull();
    out.writePresent();
    after.write(out);
    this.#append(to, record, sourcePartition);
  }

  /** Writes the event as a delete, and a tombstone after it where there is a key. */
  remove(
    to: OutputTopic,
    record: SourceRecord,
    reader: EnvelopeReader,
    old: OldImage,
    sourcePartition: number,
  ): void {
    const out = this.#begin(to, record, reader);
    // The operation is the head's first field: a string of one character.
    out.bytes[to.valueHeader.length + 1] = OP_DELETE;
    out.writeNull();
    if (old) {
      out.writePresent();
      if (old.keySlots) old.image.writeKeyOnly(out, old.keySlots);
      else old.image.write(out);
    } else out.writeNull();
    out.writeNull();
    const partition = this.#append(to, record, sourcePartition);
    if (!this.hasKey) return;
    const { key } = this;
    this.#sink.append(to.topic, partition, key.bytes, 0, key.pos, null, 0, 0, record.timestampMs);
  }

  /** Writes an event without rows (truncate) as it is. */
  passOn(to: OutputTopic, record: SourceRecord, reader: EnvelopeReader, sourcePartition: number): void {
    const out = this.#begin(to, record, reader);
    out.writeNull();
    out.writeNull();
    out.writeNull();
    this.noKey();
    this.#append(to, record, sourcePartition);
  }

  #begin(to: OutputTopic, record: SourceRecord, reader: EnvelopeReader): AvroBuffer {
    const out = this.#value;
    out.reset();
    out.writeRaw(to.valueHeader, 0, to.valueHeader.length);
    out.writeRaw(record.buffer, record.valueStart + to.valueHeader.length, reader.headEnd);
    return out;
  }

  #unavailable(out: AvroBuffer, names: readonly string[]): void {
    if (names.length === 0) return out.writeNull();
    out.writePresent();
    out.writeLong(names.length);
    for (const name of names) out.writeString(name);
    out.writeByte(0);
  }

  #append(to: OutputTopic, record: SourceRecord, sourcePartition: number): number {
    const { key } = this;
    const value = this.#value;
    this.#totals.written(to.topic, value.pos);
    if (!this.hasKey || !to.keyFrame) {
      // Without a key, rows of one source partition stay together and so keep their order.
      const partition = sourcePartition % to.partitions;
      this.#sink.append(to.topic, partition, null, 0, 0, value.bytes, 0, value.pos, record.timestampMs);
      return partition;
    }
    to.keyFrame.header.copy(key.bytes, 0);
    const partition = to.keyFrame.partitionOf(key.bytes, key.pos, to.partitions);
    this.#sink.append(
      to.topic,
      partition,
      key.bytes,
      0,
      key.pos,
      value.bytes,
      0,
      value.pos,
      record.timestampMs,
    );
    return partition;
  }
}
