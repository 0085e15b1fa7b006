import {
  AvroBuffer,
  partitionOf,
  SourceBlockWriter,
  wireHeader,
  type SourceMoment,
} from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';

import type { EventSink } from './event-sink.ts';
import { tooLarge } from './oversize.ts';
import type { PositionLedger } from './position-ledger.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';

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

  /** @param seq -1 when Kafka has the event */
  write(message: LogicalMessage, seq: number, moment: SourceMoment, nowMs: number): void {
    if (seq < 0) return;
    const { sink, ledger, topic, partitions, transactions } = this.#options;
    const key = this.#key;
    key.reset();
    key.writeRaw(this.#keyHeader, 0, this.#keyHeader.length);
    key.writePresent();
    key.writeString(message.prefix);
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
    value.writeString(message.prefix);
    value.writePresent();
    value.writeBytes(message.content, 0, message.content.length);
    if (value.pos > this.#options.maxValueBytes) {
      const what = `a logical message with the prefix "${message.prefix}"`;
      throw tooLarge(what, moment, value.pos, this.#options.maxValueBytes);
    }
    const partition = partitionOf(key.bytes, 0, key.pos, partitions);
    sink.append(topic, partition, key.bytes, 0, key.pos, value.bytes, 0, value.pos, moment.commitTsMs);
    ledger.accept();
    this.count++;
  }
}
