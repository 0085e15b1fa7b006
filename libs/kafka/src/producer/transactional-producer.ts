import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import type { TopicPartitionOffset } from '../protocol/topic-partition.ts';
import type { RecordHeaders } from '../records/batch-builder.ts';
import { BatchSender } from './batch-sender.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { completeProducerOptions, type ProducerOptions } from './producer-options.ts';
import { RecordAccumulator } from './record-accumulator.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';

export interface TransactionalProducerOptions extends ProducerOptions {
  /** One per writer identity: a second producer that opens with the same id fences this one. */
  readonly transactionalId: string;
  /** After this long the coordinator aborts an open transaction by itself. At most the broker's transaction.max.timeout.ms. */
  readonly transactionTimeoutMs: number;
}

/** `idle` between transactions, `open` inside one, `failed` until an abort repairs it, `fenced` and `closed` for good. */
type State = 'idle' | 'open' | 'failed' | 'fenced' | 'closed';

/** Writes records and consumer offsets in transactions: a read_committed reader sees all of one, or nothing. */
export class TransactionalProducer {
  readonly #cluster: KafkaCluster;
  readonly #coordinator: TransactionCoordinator;
  readonly #options: Required<ProducerOptions>;
  #accumulator: RecordAccumulator;
  #sender: BatchSender;
  #state: State = 'idle';
  #groups = new Set<string>();
  /** True once the coordinator knows of the open transaction: only then there is something to end. */
  #isStarted = false;

  private constructor(
    cluster: KafkaCluster,
    coordinator: TransactionCoordinator,
    options: Required<ProducerOptions>,
  ) {
    this.#cluster = cluster;
    this.#coordinator = coordinator;
    this.#options = options;
    [this.#accumulator, this.#sender] = this.#createPipeline();
  }

  /**
   * Takes over the transactional id: an older producer with it is fenced, and its open transaction is aborted before
   * this returns.
   */
  static async open(
    cluster: KafkaCluster,
    options: TransactionalProducerOptions,
  ): Promise<TransactionalProducer> {
    const { transactionalId, transactionTimeoutMs, ...rest } = options;
    const coordinator = new TransactionCoordinator(cluster, transactionalId, transactionTimeoutMs);
    await coordinator.initialise();
    return new TransactionalProducer(cluster, coordinator, completeProducerOptions(rest, cluster));
  }

  #createPipeline(): [RecordAccumulator, BatchSender] {
    const { maxBatchBytes, maxRecordBytes, compression, deliveryTimeoutMs } = this.#options;
    const accumulator = new RecordAccumulator({
      maxBatchBytes,
      maxRecordBytes,
      recordLimitOf: (topic) => this.#cluster.recordLimitOf(topic),
      deliveryTimeoutMs,
      isReady: false,
      compression,
      onPacked: (failure) => sender.packed(failure),
    });
    const sender: BatchSender = new BatchSender(this.#cluster, accumulator, this.#coordinator.identity, {
      transactionalId: this.#coordinator.transactionalId,
      requestTimeoutMs: this.#cluster.requestTimeoutMs,
    });
    return [accumulator, sender];
  }

  /** Bytes appended and not acknowledged yet: flush before they exceed what you can afford. */
  get bufferedBytes(): number {
    return this.#accumulator.bufferedBytes;
  }

  /** Starts a transaction; nothing is sent yet. */
  begin(): void {
    this.#expect('idle', 'beginning a transaction');
    this.#state = 'open';
  }

  /**
   * Copies one record into the batch of its partition; never waits. `key`/`value` null are Kafka nulls, else the bytes
   * from start to end (exclusive). Throws KAFKA_RECORD_TOO_LARGE, or the failure that stopped the producer.
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
    if (this.#state !== 'open') this.#expect('open', 'appending a record');
    if (this.#sender.failure !== null) throw this.#note(this.#sender.failure);
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

  /** Resolves when everything appended before the call is acknowledged (inside the open transaction). */
  async flush(): Promise<void> {
    this.#expect('open', 'flushing a transaction');
    this.#accumulator.closeOpen();
    await this.#guard(async () => {
      // Again until nothing is left: records may be appended while the coordinator answers.
      for (let joining = this.#joining(); joining.length > 0; joining = this.#joining()) {
        this.#isStarted = true;
        await this.#coordinator.addPartitions(joining);
        for (const queue of joining) queue.isReady = true;
      }
      await this.#sender.drained();
    });
  }

  /** Partitions with batches to send that are not part of the transaction yet. */
  #joining(): PartitionQueue[] {
    return [...this.#accumulator.queues()].filter((queue) => !queue.isReady && queue.waiting.length > 0);
  }

  /** Writes the next offsets of a consumer group inside the open transaction. */
  async sendOffsets(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.#expect('open', 'sending offsets');
    if (offsets.length === 0) return;
    await this.#guard(async () => {
      if (!this.#groups.has(groupId)) {
        this.#isStarted = true;
        await this.#coordinator.addGroup(groupId);
        this.#groups.add(groupId);
      }
      await this.#coordinator.writeOffsets(groupId, offsets);
    });
  }

  /**
   * Flushes and commits. When it returns the outcome is decided and survives every crash; the brokers show it to
   * read_committed readers within milliseconds, as they write the markers.
   */
  async commit(): Promise<void> {
    await this.flush();
    await this.#guard(async () => {
      if (this.#isStarted) await this.#coordinator.end(true);
    });
    this.#reset();
  }

  /** Drops the open transaction. After a failure other than fencing it also takes a new epoch, so work can go on. */
  async abort(): Promise<void> {
    if (this.#state !== 'failed') this.#expect('open', 'aborting a transaction');
    const mustRenew = this.#state === 'failed' || this.#sender.failure !== null;
    await this.#guard(async () => {
      if (mustRenew) {
        await this.#coordinator.initialise();
        this.#sender.close();
        [this.#accumulator, this.#sender] = this.#createPipeline();
        return;
      }
      this.#accumulator.discardUnsent();
      await this.#sender.drained();
      if (this.#isStarted) await this.#coordinator.end(false);
    });
    this.#reset();
  }

  #reset(): void {
    for (const queue of this.#accumulator.queues()) queue.isReady = false;
    this.#groups = new Set();
    this.#isStarted = false;
    this.#state = 'idle';
  }

  /** Runs a step of the transaction; a failure closes the state for everything but abort. */
  async #guard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      throw this.#note(error);
    }
  }

  #note<E>(error: E): E {
    if (this.#state !== 'closed') {
      this.#state = isPlatformError(error) && error.code === 'KAFKA_FENCED' ? 'fenced' : 'failed';
    }
    return error;
  }

  #expect(state: State, doing: string): void {
    if (this.#state === state) return;
    const { transactionalId } = this.#coordinator;
    if (this.#state === 'fenced') {
      throw new PlatformError('KAFKA_FENCED', { doing, context: { transactionalId } });
    }
    throw new PlatformError('KAFKA_TRANSACTION_FAILED', {
      doing,
      why: `the producer "${transactionalId}" is ${this.#state}, not ${state}`,
      context: { transactionalId, state: this.#state },
    });
  }

  /** Aborts what is open, as far as that is possible at once, and closes the connections. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const mustAbort = this.#state === 'open' && this.#isStarted && this.#sender.failure === null;
    try {
      if (mustAbort) await this.abort();
    } finally {
      this.#state = 'closed';
      this.#sender.close();
    }
  }
}
