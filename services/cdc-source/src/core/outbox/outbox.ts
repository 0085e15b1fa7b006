import { partitionOf, type Lsn } from '@hasivu/change-events';
import type { OutboxConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import type { LogicalMessage, TupleSpans } from '@hasivu/pgoutput';

import type { CapturedTable } from '../captured-table.ts';
import type { EventSink } from '../event-sink.ts';
import type { Errands } from '../errands.ts';
import { OP } from '../operation.ts';
import type { PositionLedger } from '../position-ledger.ts';
import type { RowTap } from '../row-tap.ts';
import { tableId } from '../table-selection.ts';
import type { TransactionObserver } from '../transaction-observer.ts';
import { messageFromJson } from './json-message.ts';
import type { OutboxMessage } from './outbox-message.ts';
import { OutboxRow } from './outbox-row.ts';
import { TopicRoute } from './topic-route.ts';

/** What is known of a topic that messages go to. */
export interface OutboxTopic {
  readonly partitions: number;
  /** Frames a value of the schema; null for raw bytes. */
  readonly header: Buffer | null;
}

export interface OutboxOptions {
  readonly config: OutboxConfig;
  readonly sink: EventSink;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly errands: Errands;
  /** Makes the topic, and registers the schema, where that is new. */
  readonly openTopic: (topic: string, schema: string | null) => Promise<OutboxTopic>;
  /** Rows of the outbox were updated, which is no message: `rows` of them in one transaction. */
  readonly onUpdates: (table: string, rows: number) => void;
}

/**
 * The transactional outbox: an inserted row, or a logical message, becomes a record on the topic that it names, in the
 * Kafka transaction that covers its position, so once. Deletes and truncates are how an outbox is emptied: they are
 * passed over.
 */
export class Outbox implements RowTap, TransactionObserver {
  readonly #options: OutboxOptions;
  readonly #route: TopicRoute;
  readonly #topics = new Map<string, OutboxTopic>();
  #table: CapturedTable | null = null;
  #row: OutboxRow | null = null;
  #commitTsMs = 0;
  #updates = 0;
  /** Spreads messages without a key. */
  #turn = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#route = new TopicRoute(options.config.routePattern, options.config.topic);
  }

  onBegin(_xid: number, _commitLsn: Lsn, commitTsMs: number): void {
    this.#commitTsMs = commitTsMs;
    this.#updates = 0;
  }

  onCommit(): void {
    if (this.#updates > 0 && this.#table) this.#options.onUpdates(tableId(this.#table.schema), this.#updates);
  }

  row(
    op: number,
    table: CapturedTable,
    buf: Buffer,
    _before: TupleSpans | null,
    after: TupleSpans | null,
    seq: number,
  ): boolean {
    if (table !== this.#table) {
      this.#table = table;
      this.#row = new OutboxRow(this.#options.config, this.#route, table);
    }
    if (seq < 0) return true;
    if (op === OP.update) this.#updated(table);
    else if (op === OP.create && after !== null)
      this.#send((this.#row as OutboxRow).read(buf, after, this.#commitTsMs));
    return true;
  }

  /** A row of the table's first copy: it was inserted at some time. */
  copied(table: CapturedTable, buf: Buffer, row: TupleSpans, nowMs: number): void {
    this.#commitTsMs = nowMs;
    this.row(OP.create, table, buf, null, row, 0);
  }

  /** @param nowMs time of a message outside of any transaction */
  message(message: LogicalMessage, seq: number, nowMs: number): void {
    if (seq < 0) return;
    const { config } = this.#options;
    const time = message.transactional ? this.#commitTsMs : nowMs;
    this.#send(messageFromJson(config, this.#route, message.content, time));
  }

  #updated(table: CapturedTable): void {
    if (this.#options.config.onUpdate === 'fatal') {
      const name = tableId(table.schema);
      throw new PlatformError('SOURCE_OUTBOX', {
        doing: `reading messages from ${name}`,
        why: 'a row was updated, and outbox.onUpdate is fatal',
        context: { table: name },
      });
    }
    this.#updates++;
  }

  #send(message: OutboxMessage): void {
    const known = this.#topics.get(message.topic + (message.schema ?? ''));
    if (known) return this.#append(message, known);
    // Between this message of the stream and the next one, so that the order of a key does not depend on it.
    this.#options.errands.add(async () => {
      const opened = await this.#options.openTopic(message.topic, message.schema);
      this.#topics.set(message.topic + (message.schema ?? ''), opened);
      this.#append(message, opened);
    });
  }

  #append({ topic, key, value, headers, partition, timestampMs }: OutboxMessage, known: OutboxTopic): void {
    const { sink, ledger } = this.#options;
    const framed = value !== null && known.header !== null ? Buffer.concat([known.header, value]) : value;
    sink.append(
      topic,
      this.#partition(partition, key, known),
      key,
      0,
      key?.length ?? 0,
      framed,
      0,
      framed?.length ?? 0,
      timestampMs,
      headers,
    );
    ledger.accept();
  }

  #partition(wanted: number, key: Buffer | null, { partitions }: OutboxTopic): number {
    if (wanted >= 0) return wanted % partitions;
    return key === null ? this.#turn++ % partitions : partitionOf(key, 0, key.length, partitions);
  }
}
