import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { responseError } from '../client/kafka-error.ts';
import { RetriableResponse } from '../client/retry.ts';
import { isRetriable } from '../protocol/error-codes.ts';
import { initProducerIdApi } from '../protocol/init-producer-id.ts';
import type { RecordHeaders } from '../records/batch-builder.ts';
import { BatchSender } from './batch-sender.ts';
import { completeProducerOptions, type ProducerOptions } from './producer-options.ts';
import { RecordAccumulator } from './record-accumulator.ts';

/** Writes records exactly once and in order per partition as long as the process lives; no transactions. */
export class IdempotentProducer {
  readonly #accumulator: RecordAccumulator;
  readonly #sender: BatchSender;

  private constructor(accumulator: RecordAccumulator, sender: BatchSender) {
    this.#accumulator = accumulator;
    this.#sender = sender;
  }

  /** Asks a broker for a producer id. Throws KAFKA_UNAVAILABLE. */
  static async open(cluster: KafkaCluster, options: ProducerOptions = {}): Promise<IdempotentProducer> {
    const { maxBatchBytes, maxRecordBytes, compression, deliveryTimeoutMs } = completeProducerOptions(
      options,
      cluster,
    );
    const doing = 'asking for a producer id';
    const identity = await cluster.retrying(doing, async () => {
      const link = await cluster.anyLink();
      const request = { transactionalId: null, transactionTimeoutMs: 0, current: null };
      const answer = await link.send(initProducerIdApi, request);
      if (isRetriable(answer.errorCode)) throw new RetriableResponse(answer.errorCode);
      if (answer.errorCode !== 0) throw responseError(answer.errorCode, doing);
      return answer;
    });
    const accumulator = new RecordAccumulator({
      maxBatchBytes,
      maxRecordBytes,
      recordLimitOf: (topic) => cluster.recordLimitOf(topic),
      deliveryTimeoutMs,
      isReady: true,
      compression,
      onPacked: (failure) => sender.packed(failure),
    });
    const sender: BatchSender = new BatchSender(cluster, accumulator, identity, {
      transactionalId: null,
      requestTimeoutMs: cluster.requestTimeoutMs,
    });
    return new IdempotentProducer(accumulator, sender);
  }

  /** Bytes appended and not acknowledged yet: flush, or stop appending, before they exceed what you can afford. */
  get bufferedBytes(): number {
    return this.#accumulator.bufferedBytes;
  }

  /**
   * Copies one record into the batch of its partition; never waits. Full batches are sent in the background. Throws
   * KAFKA_RECORD_TOO_LARGE, or the failure that stopped the producer.
   */
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
    if (this.#sender.failure !== null) throw this.#sender.failure;
    const accumulator = this.#accumulator;
    if (
      accumulator.append(
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
      )
    ) {
      this.#sender.kick();
    }
  }

  /** Resolves when everything appended before the call is acknowledged by all in-sync replicas. */
  flush(): Promise<void> {
    this.#accumulator.closeOpen();
    return this.#sender.drained();
  }

  /** Flushes and closes; a failure of the flush is thrown after the connections are closed. */
  async close(): Promise<void> {
    try {
      if (this.#sender.failure === null) await this.flush();
    } finally {
      this.#sender.close();
    }
  }
}
