import { isPlatformError, PlatformError } from '@hasivu/errors';
import { REQUEST_RETRY } from '../client/back-off.ts';
import type { BrokerLink } from '../client/broker-link.ts';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { BrokerLostError, messageOf, responseError } from '../client/kafka-error.ts';
import { isRetriable, KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.ts';
import type { ProducerIdentity } from '../protocol/init-producer-id.ts';
import { produceApi, type PartitionRecords, type ProduceResult } from '../protocol/produce.ts';
import { LeaderConnection } from './leader-connection.ts';
import type { PartitionQueue, PendingBatch } from './partition-queue.ts';
import type { RecordAccumulator } from './record-accumulator.ts';

/** The broker keeps the last five batches of a producer per partition to recognise repeats: never more in flight. */
const MAX_IN_FLIGHT_REQUESTS = 5;
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** How often a sender that waits for something external looks again. */
const RECHECK_MS = 50;

export interface SenderOptions {
  readonly transactionalId: string | null;
  readonly requestTimeoutMs: number;
}

interface SentBatch {
  readonly queue: PartitionQueue;
  readonly batch: PendingBatch;
}

interface FlushWaiter {
  readonly lastBatchId: number;
  remaining: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Sends closed batches to the leaders of their partitions, repeats what failed in passing, and says when all is acknowledged. */
export class BatchSender {
  /** Set once sending cannot go on; every later call meets it. */
  failure: Error | null = null;
  readonly #cluster: KafkaCluster;
  readonly #accumulator: RecordAccumulator;
  readonly #options: SenderOptions;
  #identity: ProducerIdentity;
  readonly #connections = new Map<number, LeaderConnection>();
  readonly #waiters = new Set<FlushWaiter>();
  #timer: NodeJS.Timeout | null = null;
  #isRefreshing = false;
  #kickPending = false;
  #isClosed = false;

  constructor(
    cluster: KafkaCluster,
    accumulator: RecordAccumulator,
    identity: ProducerIdentity,
    options: SenderOptions,
  ) {
    this.#cluster = cluster;
    this.#accumulator = accumulator;
    this.#identity = identity;
    this.#options = options;
  }

  /** Sends what is ready soon, without waiting. */
  kick(): void {
    if (this.#kickPending) return;
    this.#kickPending = true;
    setImmediate(() => {
      this.#kickPending = false;
      this.#pump();
    });
  }

  /** A batch was compressed, or could not be. */
  packed(failure: Error | null): void {
    if (failure === null) this.kick();
    else this.#fail(failure);
  }

  /** Resolves when every batch closed so far is acknowledged. */
  drained(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    let remaining = 0;
    for (const queue of this.#accumulator.queues()) {
      remaining += queue.waiting.length + queue.inFlight.length + queue.failed.length;
    }
    if (remaining === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.add({ lastBatchId: this.#accumulator.lastBatchId, remaining, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.failure !== null || this.#isClosed) return;
    const now = performance.now();
    const byLeader = new Map<number, PartitionQueue[]>();
    let needsRecheck = false;
    let unknownTopics: Set<string> | null = null;
    for (const queue of this.#accumulator.queues()) {
      const first = queue.next;
      if (first === undefined || !queue.isReady || queue.failed.length > 0) continue;
      if (now > first.deadlineMs) return this.#expire(queue, first);
      const leader = this.#cluster.metadata.leaderOf(queue.topic, queue.partition);
      if (leader < 0) {
        (unknownTopics ??= new Set()).add(queue.topic);
      } else if (queue.notBeforeMs > now) {
        needsRecheck = true;
      } else {
        const group = byLeader.get(leader);
        if (group === undefined) byLeader.set(leader, [queue]);
        else group.push(queue);
      }
    }
    for (const [leader, queues] of byLeader) {
      const connection = this.#connection(leader);
      const link = connection.take();
      if (link === null) {
        needsRecheck = true;
        continue;
      }
      while (connection.inFlightRequests < MAX_IN_FLIGHT_REQUESTS) {
        const sent = this.#collect(queues);
        if (sent.length === 0) break;
        connection.inFlightRequests++;
        void this.#send(connection, link, sent);
      }
    }
    if (unknownTopics !== null) this.#refreshMetadata([...unknownTopics]);
    if (needsRecheck || unknownTopics !== null) this.#recheckLater();
  }

  #connection(leader: number): LeaderConnection {
    let connection = this.#connections.get(leader);
    if (connection === undefined) {
      connection = new LeaderConnection(
        this.#cluster,
        leader,
        () => this.#pump(),
        (error) => this.#onConnectionLost(error),
      );
      this.#connections.set(leader, connection);
    }
    return connection;
  }

  #onConnectionLost(error: unknown): void {
    if (isPlatformError(error)) return this.#fail(error);
    this.#cluster.logger.warn({ why: messageOf(error) }, 'A Kafka broker is away; records wait for it');
    const topics = new Set<string>();
    for (const queue of this.#accumulator.queues()) if (queue.hasWork) topics.add(queue.topic);
    this.#refreshMetadata([...topics]);
  }

  /** At most one batch per partition, the oldest first, up to the size of a request. */
  #collect(queues: readonly PartitionQueue[]): SentBatch[] {
    const sent: SentBatch[] = [];
    let bytes = 0;
    for (const queue of queues) {
      const batch = queue.next;
      if (batch === undefined) continue;
      if (sent.length > 0 && bytes + batch.bytes > MAX_REQUEST_BYTES) break;
      queue.waiting.shift();
      queue.inFlight.push(batch);
      bytes += batch.bytes;
      sent.push({ queue, batch });
    }
    return sent;
  }

  async #send(connection: LeaderConnection, link: BrokerLink, sent: readonly SentBatch[]): Promise<void> {
    const { transactionalId, requestTimeoutMs } = this.#options;
    let results: readonly ProduceResult[] | null = null;
    let lost: unknown = null;
    try {
      const batches = sent.map(({ queue, batch }): PartitionRecords => ({
        topic: queue.topic,
        partition: queue.partition,
        records: this.#seal(queue, batch),
      }));
      results = await link.send(produceApi, { transactionalId, timeoutMs: requestTimeoutMs, batches });
    } catch (error) {
      lost = error;
    }
    connection.inFlightRequests--;
    if (this.failure !== null || this.#isClosed) return;
    if (results === null && !(lost instanceof BrokerLostError)) {
      return this.#fail(lost instanceof Error ? lost : new Error(messageOf(lost)));
    }
    const staleTopics = new Set<string>();
    for (const { queue, batch } of sent) {
      const result = results?.find((one) => one.partition === queue.partition && one.topic === queue.topic);
      const code = result === undefined ? KAFKA_ERROR.NETWORK_EXCEPTION : result.errorCode;
      const isDone = this.#settle(queue, batch, code);
      if (this.failure !== null) return;
      if (!isDone) staleTopics.add(queue.topic);
    }
    if (staleTopics.size > 0) this.#refreshMetadata([...staleTopics]);
    this.#pump();
  }

  #seal(queue: PartitionQueue, batch: PendingBatch): Buffer {
    const { transactionalId } = this.#options;
    return (batch.sealed ??= batch.builder.seal(
      this.#identity,
      queue.takeSequence(batch.builder.count),
      transactionalId !== null,
      batch.packed,
    ));
  }

  /** Books the answer for one batch; true where it is acknowledged. */
  #settle(queue: PartitionQueue, batch: PendingBatch, code: number): boolean {
    const isFirst = queue.inFlight[0] === batch && queue.failed.length === 0;
    queue.settle(batch);
    if (code === 0 || code === KAFKA_ERROR.DUPLICATE_SEQUENCE_NUMBER) {
      queue.acknowledged();
      this.#accumulator.acknowledge(batch);
      this.#notify(batch);
      queue.requeueFailed(performance.now());
      return true;
    }
    batch.lastCode = code;
    // After a batch that failed in passing, the ones behind it are out of order: they are repeated after it.
    const isConsequence = code === KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER && !isFirst;
    if (!isRetriable(code) && !isConsequence) {
      const doing = `producing to "${queue.topic}" partition ${queue.partition}`;
      this.#fail(responseError(code, doing));
      return false;
    }
    queue.failed.push(batch);
    queue.requeueFailed(performance.now() + REQUEST_RETRY.firstMs * (1 + Math.random()));
    return false;
  }

  #notify(batch: PendingBatch): void {
    for (const waiter of this.#waiters) {
      if (batch.id > waiter.lastBatchId || --waiter.remaining > 0) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #expire(queue: PartitionQueue, batch: PendingBatch): void {
    const isMissing = this.#cluster.metadata.topic(queue.topic) === undefined;
    const code = isMissing ? 'KAFKA_TOPIC_MISSING' : 'KAFKA_DELIVERY_TIMEOUT';
    const last =
      batch.lastCode === 0
        ? 'it was never answered'
        : `the last answer was ${kafkaErrorName(batch.lastCode)}`;
    this.#fail(
      new PlatformError(code, {
        doing: `producing to "${queue.topic}" partition ${queue.partition}`,
        ...(isMissing ? {} : { why: `a batch was not acknowledged in time; ${last}` }),
        context: { topic: queue.topic, partition: queue.partition },
      }),
    );
  }

  #fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.#closeConnections();
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  #refreshMetadata(topics: readonly string[]): void {
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    void this.#cluster
      .refreshMetadata(topics)
      .catch((error: unknown) => {
        if (isPlatformError(error)) this.#fail(error);
      })
      .finally(() => {
        this.#isRefreshing = false;
        this.#recheckLater();
      });
  }

  #recheckLater(): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, RECHECK_MS);
  }

  #closeConnections(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  /** Stops sending and closes the connections. Batches without an answer stay undecided. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#closeConnections();
    for (const waiter of this.#waiters) waiter.reject(new Error('the producer was closed'));
    this.#waiters.clear();
  }
}
