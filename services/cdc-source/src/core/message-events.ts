import {
  AvroBuffer,
  partitionOf,
  SourceBlockWriter,
  wireHeader,
  type SourceMoment,
} from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';

import type { EventSink } from './event-sink.ts';
import type { RecordHeaders } from './event-writer.ts';
import { omittedHeader } from './oversize.ts';
import type { PositionLedger } from './position-ledger.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';

/** UTF-16 units of a prefix, which is the key too; the server sets no bound. */
const LONGEST_PREFIX = 1024;
/** Most of the length that precedes a content. */
const LENGTH_BYTES = 5;

export interface MessageEventsOptions {
  readonly sink: EventSink;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly topic: string;
  readonly partitions: number;
  /** Bytes that an envelope may take. */
  readonly maxValueBytes: number;
  readonly keySchemaId: number;
  readonly valueSchemaId: number;
  /** Version of this software, in every event's source block. */
  readonly version: string;
  /** Logical name of the source: the topic prefix. */
  readonly sourceName: string;
  readonly database: string;
  /** Fills the transaction block of messages that belong to a transaction; null leaves it null. */
  readonly transactions: TransactionMetadata | null;
  /** Told of every message that was too large for a record. */
  readonly omitted: (prefix: string, bytes: number) => void;
}

/** Writes logical messages as events (`op: m`), keyed by their prefix. */
export class MessageEvents {
  readonly #options: MessageEventsOptions;
  /** Events since they were last taken for the metrics. */
  count = 0;
  readonly #keyHeader: Buffer;
  readonly #valueHeader: Buffer;
  readonly #source: SourceBlockWriter;
  readonly #key = new AvroBuffer(64);
  readonly #value = new AvroBuffer();

  constructor(options: MessageEventsOptions) {
    const { version, sourceName: name, database } = options;
    this.#options = options;
    this.#keyHeader = wireHeader(options.keySchemaId);
    this.#valueHeader = wireHeader(options.valueSchemaId);
    // As in Debezium, a message is of no table.
    this.#source = new SourceBlockWriter({ version, name, database, schema: '', table: '' });
  }

  /**
   * A message too large for a record loses its content, and a prefix beyond measure its end, with a header that says
   * so: whoever can connect may write one, and is not to end the capture of a database by that.
   * @param seq -1 when Kafka has the event
   */
  write(message: LogicalMessage, seq: number, moment: SourceMoment, nowMs: number): void {
    if (seq < 0) return;
    const { sink, ledger, topic, partitions, maxValueBytes } = this.#options;
    const { content } = message;
    const prefix = message.prefix.slice(0, LONGEST_PREFIX);
    let headers: RecordHeaders = [];
    if (prefix !== message.prefix) headers = [omittedHeader('prefix', Buffer.byteLength(message.prefix))];
    const key = this.#key;
    key.reset();
    key.writeRaw(this.#keyHeader, 0, this.#keyHeader.length);
    key.writePresent();
    key.writeString(prefix);
    const value = this.#value;
    const contentAt = this.#begin(message, prefix, moment, nowMs);
    // Looked at first: the buffer would keep the size of the largest that was ever written.
    if (contentAt + LENGTH_BYTES + content.length > maxValueBytes) {
      value.writeBytes(content, 0, 0);
      headers = [...headers, omittedHeader('content', content.length)];
    } else value.writeBytes(content, 0, content.length);
    const partition = partitionOf(key.bytes, 0, key.pos, partitions);
    const atMs = moment.commitTsMs;
    const some = headers.length > 0 ? headers : undefined;
    sink.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, atMs, some);
    ledger.accept();
    this.count++;
    if (some) this.#options.omitted(prefix, Buffer.byteLength(message.prefix) + content.length);
  }

  /** Writes the value up to the content. */
  #begin(message: LogicalMessage, prefix: string, moment: SourceMoment, nowMs: number): number {
    const { transactions } = this.#options;
    const value = this.#value;
    value.reset();
    value.writeRaw(this.#valueHeader, 0, this.#valueHeader.length);
    value.writeString('m');
    value.writePresent();
    value.writeLong(nowMs);
    this.#source.write(value, moment);
    if (transactions === null || !message.transactional) value.writeNull();
    else transactions.writeMessage(value);
    value.writePresent();
    value.writeString(prefix);
    value.writePresent();
    return value.pos;
  }
}
