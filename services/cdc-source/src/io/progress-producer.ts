import type { TransactionalProducer } from '@hasivu/kafka';

import type { EventSink } from '../core/event-sink.ts';
import type { RecordHeaders } from '../core/event-writer.ts';
import { serializeProgress, type Progress, type ProgressOrigin } from '../core/progress-record.ts';
import { failpoint } from '../failpoints.ts';

/**
 * The open Kafka transaction. Every commit carries the progress record that describes exactly the events of the
 * transactions up to it, so a reader of committed records never sees one without the other.
 */
export class ProgressProducer implements EventSink {
  readonly #producer: TransactionalProducer;
  readonly #progressTopic: string;
  readonly #key: Buffer;
  /** Key and value bytes since the last commit. */
  bytes = 0;
  /** Stamped on every progress record. */
  origin: ProgressOrigin | undefined;

  constructor(producer: TransactionalProducer, progressTopic: string, slot: string) {
    this.#producer = producer;
    this.#progressTopic = progressTopic;
    this.#key = Buffer.from(slot);
    producer.begin();
  }

  append(
    topic: string,
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers?: RecordHeaders,
  ): void {
    this.bytes += keyEnd - keyStart + valueEnd - valueStart;
    this.#producer.append(
      topic,
      partition,
      key,
      keyStart,
      keyEnd,
      value,
      valueStart,
      valueEnd,
      timestampMs,
      headers,
    );
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#producer.bufferedBytes;
  }

  /** Sends what waits, without committing. */
  async send(): Promise<void> {
    await this.#producer.flush();
  }

  /** Commits everything appended together with `progress`, and opens the next transaction. */
  async commit(progress: Progress): Promise<void> {
    const record = serializeProgress({ ...progress, origin: this.origin ?? progress.origin });
    const key = this.#key;
    this.#producer.append(this.#progressTopic, 0, key, 0, key.length, record, 0, record.length, Date.now());
    failpoint('before-kafka-commit');
    await this.#producer.commit();
    failpoint('after-kafka-commit');
    this.bytes = 0;
    this.#producer.begin();
  }

  /** Drops everything since the last commit. */
  async abort(): Promise<void> {
    await this.#producer.abort();
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}
