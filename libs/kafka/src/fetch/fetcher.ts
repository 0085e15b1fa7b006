import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { BrokerLostError, messageOf, responseError } from '../client/kafka-error.ts';
import { lookUpOffset } from '../client/offset-lookup.ts';
import { exhausted, isRepeatable } from '../client/retry.ts';
import { isRetriable, KAFKA_ERROR } from '../protocol/error-codes.ts';
import { fetchApi, type FetchAnswer, type FetchResult, type Isolation } from '../protocol/fetch.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts';
import { AbortedTransactions } from '../records/aborted-transactions.ts';
import { RecordCursor } from '../records/record-cursor.ts';
import { measureRecordSet } from '../records/record-set.ts';
import { AnswerBuffers } from './answer-buffers.ts';
import { FetchConnection } from './fetch-connection.ts';
import type { FetchedBatch } from './fetched-batch.ts';
import { partitionName, PartitionState, type Assignment, type PartitionLag } from './partition-state.ts';

export interface FetcherOptions {
  readonly assignments: readonly Assignment[];
  readonly isolation: Isolation;
  /** Bytes of one answer, over all partitions. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Bytes of one partition in one answer. Default 1 MiB. A larger single batch still comes through. */
  readonly maxPartitionBytes?: number;
  /** Bytes fetched and not handed out, requests under way included. Default twice `maxBytes`. */
  readonly prefetchBytes?: number;
  /** How long a broker holds an answer back while there is nothing new. Default 500. */
  readonly maxWaitMs?: number;
  /** The bytes of an answer are used again: a batch can be read up to the next call of `next()` and no longer. */
  readonly reuseAnswers?: boolean;
}

/** A batch that waits to be handed out. */
interface ReadyBatch {
  readonly state: PartitionState;
  readonly batch: FetchedBatch;
  /** What its bytes are a part of. */
  readonly answer: ArrayBufferLike;
}

const NO_RESULTS: readonly FetchResult[] = [];

const MEBIBYTE = 1024 * 1024;
/** Batches of one partition that may wait; beyond, it is left out of requests so that it cannot crowd out the others. */
const MAX_QUEUED_BATCHES = 2;
/** A smaller rest of the prefetch budget is not worth a request. */
const MIN_REQUEST_BYTES = 64 * 1024;
/** Wait of a request that leaves out a partition with unread batches: that one must not wait for the long poll. */
const SHORT_WAIT_MS = 10;
const RECHECK_MS = 100;
/** Pause between two looks for a topic that does not exist, or for a leader that is not elected. */
const MISSING_RECHECK_MS = 500;

/**
 * Reads assigned partitions: one request at a time per leader, prefetching a bounded number of bytes. `next()` hands out
 * what arrived, in order per partition. Positions belong to the caller: nothing is committed here.
 */
export class Fetcher {
  readonly #cluster: KafkaCluster;
  readonly #isolation: Isolation;
  readonly #maxBytes: number;
  readonly #maxPartitionBytes: number;
  readonly #prefetchBytes: number;
  readonly #maxWaitMs: number;
  readonly #answers: AnswerBuffers | null;
  /** By name; the order is whose turn it is. */
  readonly #partitions = new Map<string, PartitionState>();
  readonly #connections = new Map<number, FetchConnection>();
  readonly #ready: ReadyBatch[] = [];
  /** Of the batch that was handed out last. */
  #inUse: ArrayBufferLike | null = null;
  /** Bytes that wait in `#ready` plus those that requests under way may bring. */
  #claimedBytes = 0;
  #failure: Error | null = null;
  #isClosed = false;
  #isRefreshing = false;
  #timer: NodeJS.Timeout | null = null;
  #news = Promise.withResolvers<void>();

  constructor(cluster: KafkaCluster, options: FetcherOptions) {
    this.#cluster = cluster;
    this.#isolation = options.isolation;
    this.#maxBytes = options.maxBytes ?? 4 * MEBIBYTE;
    this.#maxPartitionBytes = options.maxPartitionBytes ?? MEBIBYTE;
    this.#prefetchBytes = options.prefetchBytes ?? 2 * this.#maxBytes;
    this.#maxWaitMs = options.maxWaitMs ?? 500;
    this.#answers = options.reuseAnswers === true ? new AnswerBuffers() : null;
    for (const assignment of options.assignments) this.add(assignment);
  }

  /** Starts reading another partition. Its topic may not exist yet: the fetcher waits for it. */
  add(assignment: Assignment): void {
    const { topic, partition } = assignment;
    if (this.#find(topic, partition) !== undefined) {
      throw new Error(`"${topic}" partition ${partition} is already assigned`);
    }
    this.#partitions.set(partitionName(topic, partition), new PartitionState(assignment));
    this.#scheduleSoon();
  }

  /** Stops reading a partition; batches of it that were not handed out are dropped. */
  remove(topic: string, partition: number): void {
    const state = this.#find(topic, partition);
    if (state === undefined) return;
    this.#partitions.delete(state.name);
    for (let i = this.#ready.length - 1; i >= 0; i--) {
      const item = this.#ready[i];
      if (item?.state !== state) continue;
      this.#claimedBytes -= item.batch.bytes;
      this.#answers?.release(item.answer);
      this.#ready.splice(i, 1);
    }
    this.#scheduleSoon();
  }

  /** Holds a partition back: it is not fetched, and what was fetched is not handed out. */
  pause(topic: string, partition: number): void {
    const state = this.#find(topic, partition);
    if (state !== undefined) state.isPaused = true;
  }

  resume(topic: string, partition: number): void {
    const state = this.#find(topic, partition);
    if (state === undefined || !state.isPaused) return;
    state.isPaused = false;
    this.#wake();
    this.#scheduleSoon();
  }

  lag(): PartitionLag[] {
    return [...this.#partitions.values()].map((state) => state.lag(this.#isolation));
  }

  #find(topic: string, partition: number): PartitionState | undefined {
    return this.#partitions.get(partitionName(topic, partition));
  }

  /**
   * The next batch of any partition; waits for one. Null once the signal aborts or the fetcher is closed. Throws
   * KAFKA_OFFSET_OUT_OF_RANGE, KAFKA_UNAVAILABLE and what connections throw; then every later call throws the same.
   */
  async next(signal?: AbortSignal): Promise<FetchedBatch | null> {
    let stopWaiting: (() => void) | null = null;
    if (this.#inUse !== null) this.#answers?.release(this.#inUse);
    this.#inUse = null;
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure;
        if (this.#isClosed || signal?.aborted === true) return null;
        const batch = this.#take();
        if (batch !== null) return batch;
        if (stopWaiting === null && signal !== undefined) {
          stopWaiting = () => this.#wake();
          signal.addEventListener('abort', stopWaiting, { once: true });
        }
        await this.#news.promise;
      }
    } finally {
      if (stopWaiting !== null) signal?.removeEventListener('abort', stopWaiting);
    }
  }

  #take(): FetchedBatch | null {
    const index = this.#ready.findIndex((item) => !item.state.isPaused);
    const item = this.#ready[index];
    if (item === undefined) return null;
    this.#ready.splice(index, 1);
    const { state, batch } = item;
    this.#inUse = item.answer;
    state.queuedBatches--;
    state.delivered = batch.nextOffset;
    this.#claimedBytes -= batch.bytes;
    if (this.#couldFetch()) this.#schedule();
    return batch;
  }

  #wake(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#isClosed) return;
    this.#failure = error instanceof Error ? error : new Error(messageOf(error));
    this.#release();
    this.#wake();
  }

  #scheduleSoon(): void {
    setImmediate(() => this.#schedule());
  }

  #recheckLater(afterMs = RECHECK_MS): void {
    if (this.#timer !== null || this.#isClosed || this.#failure !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#schedule();
    }, afterMs);
  }

  /** Looking through all partitions is only worth it when a request can come of it. */
  #couldFetch(): boolean {
    if (this.#prefetchBytes - this.#claimedBytes < MIN_REQUEST_BYTES) return false;
    for (const connection of this.#connections.values()) if (!connection.isBusy) return true;
    return this.#connections.size === 0;
  }

  /** Starts every request that can start now. */
  #schedule(): void {
    if (this.#isClosed || this.#failure !== null) return;
    const now = performance.now();
    const byLeader = new Map<number, PartitionState[]>();
    const crowded = new Set<number>();
    const lost = new Set<string>();
    let mustRecheck = false;
    for (const state of this.#partitions.values()) {
      if (state.isBusy || state.isPaused) continue;
      const leader = this.#cluster.metadata.leaderOf(state.topic, state.partition);
      if (leader < 0) {
        lost.add(state.topic);
      } else if (state.notBeforeMs > now) {
        mustRecheck = true;
      } else if (state.position === null) {
        void this.#lookUpStart(state);
      } else if (state.queuedBatches >= MAX_QUEUED_BATCHES) {
        crowded.add(leader);
      } else {
        const group = byLeader.get(leader);
        if (group === undefined) byLeader.set(leader, [state]);
        else group.push(state);
      }
    }
    for (const [leader, states] of byLeader) {
      const connection = this.#connection(leader);
      const budget = Math.min(this.#maxBytes, this.#prefetchBytes - this.#claimedBytes);
      if (connection.isBusy || budget < MIN_REQUEST_BYTES) continue;
      if (connection.notBeforeMs > now) mustRecheck = true;
      else void this.#fetch(connection, states, budget, crowded.has(leader));
    }
    // While a look for missing ones is due, the timer runs: others' requests must not make it come sooner.
    if (lost.size > 0 && this.#timer === null) this.#refreshMetadata([...lost]);
    if (mustRecheck) this.#recheckLater();
  }

  #connection(leader: number): FetchConnection {
    let connection = this.#connections.get(leader);
    if (connection === undefined) {
      const answers = this.#answers;
      const allocate = answers === null ? undefined : (bytes: number) => answers.take(bytes);
      connection = new FetchConnection(this.#cluster, leader, allocate);
      this.#connections.set(leader, connection);
    }
    return connection;
  }

  async #lookUpStart(state: PartitionState): Promise<void> {
    const { topic, partition, start } = state;
    state.isBusy = true;
    try {
      const timestamp = start === 'earliest' ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP;
      state.position = await lookUpOffset(this.#cluster, topic, partition, timestamp, this.#isolation);
      state.delivered = state.position;
    } catch (error) {
      if (!isRepeatable(error)) return this.#fail(error);
      state.notBeforeMs = performance.now() + RECHECK_MS;
    } finally {
      state.isBusy = false;
    }
    this.#schedule();
  }

  async #fetch(
    connection: FetchConnection,
    states: readonly PartitionState[],
    budget: number,
    isCrowded: boolean,
  ): Promise<void> {
    connection.isBusy = true;
    this.#claimedBytes += budget;
    for (const state of states) state.isBusy = true;
    let results = NO_RESULTS;
    try {
      const link = await connection.open();
      const answer = await link.send(fetchApi, {
        ...connection.session.request(states, this.#maxPartitionBytes),
        isolation: this.#isolation,
        maxWaitMs: isCrowded ? Math.min(SHORT_WAIT_MS, this.#maxWaitMs) : this.#maxWaitMs,
        minBytes: 1,
        maxBytes: budget,
      });
      connection.answered();
      results = resultsOf(answer, connection);
    } catch (error) {
      this.#onLost(connection, error);
    } finally {
      connection.isBusy = false;
      this.#claimedBytes -= budget;
    }
    if (this.#isClosed || this.#failure !== null) return;
    try {
      this.#accept(results);
    } catch (error) {
      return this.#fail(error);
    } finally {
      for (const state of states) state.isBusy = false;
    }
    this.#schedule();
  }

  #onLost(connection: FetchConnection, error: unknown): void {
    if (this.#isClosed) return;
    if (!(error instanceof BrokerLostError)) return this.#fail(error);
    const awayMs = connection.lost();
    const doing = 'fetching';
    if (awayMs > this.#cluster.unavailableTimeoutMs) return this.#fail(exhausted(error, doing, awayMs));
    this.#cluster.logger.warn(
      { why: messageOf(error), awayMs: Math.round(awayMs) },
      'A Kafka broker is away; reading waits for it',
    );
    this.#refreshMetadata([...new Set([...this.#partitions.values()].map((state) => state.topic))]);
  }

  #accept(results: readonly FetchResult[]): void {
    const stale = new Set<string>();
    const served = new Set<PartitionState>();
    for (const result of results) {
      const state = this.#find(result.topic, result.partition);
      // One that was removed and added again meanwhile has another position, and was not asked for.
      if (state?.isBusy !== true) continue;
      if (result.errorCode === 0) {
        if (this.#enqueue(state, result)) served.add(state);
      } else {
        this.#refuse(state, result);
        stale.add(state.topic);
      }
    }
    if (served.size > 0) {
      // A batch beyond the size limits only comes through for the first partition of a request: take turns.
      for (const state of served) {
        this.#partitions.delete(state.name);
        this.#partitions.set(state.name, state);
      }
      this.#wake();
    }
    if (stale.size > 0) this.#refreshMetadata([...stale]);
  }

  #enqueue(state: PartitionState, result: FetchResult): boolean {
    state.highWatermark = result.highWatermark;
    state.lastStableOffset = result.lastStableOffset;
    const where = `"${state.topic}" partition ${state.partition}`;
    const { completeBytes, nextOffset } = measureRecordSet(result.records, where);
    const fetchOffset = state.position;
    if (nextOffset === null || fetchOffset === null || nextOffset <= fetchOffset) return false;
    const isCommitted = this.#isolation === 'read_committed';
    const cursor = new RecordCursor({
      set: result.records.subarray(0, completeBytes),
      fromOffset: fetchOffset,
      aborted: new AbortedTransactions(isCommitted ? result.aborted : []),
      where,
    });
    const { topic, partition } = state;
    const { highWatermark, lastStableOffset } = result;
    const bytes = completeBytes;
    const batch = {
      topic,
      partition,
      fetchOffset,
      nextOffset,
      highWatermark,
      lastStableOffset,
      cursor,
      bytes,
    };
    state.position = nextOffset;
    state.queuedBatches++;
    this.#claimedBytes += bytes;
    const { buffer } = result.records;
    this.#answers?.retain(buffer);
    this.#ready.push({ state, batch, answer: buffer });
    return true;
  }

  #refuse(state: PartitionState, { errorCode }: FetchResult): void {
    if (errorCode === KAFKA_ERROR.OFFSET_OUT_OF_RANGE) return void this.#failOutOfRange(state);
    if (!isRetriable(errorCode)) {
      throw responseError(errorCode, `reading "${state.topic}" partition ${state.partition}`);
    }
    state.notBeforeMs = performance.now() + RECHECK_MS;
  }

  /** Fails with the range that the partition holds, as far as a look-up tells it. */
  async #failOutOfRange(state: PartitionState): Promise<void> {
    const { topic, partition, position } = state;
    state.isBusy = true; // for good: this ends in a failure
    const look = (timestamp: bigint): Promise<bigint | null> =>
      lookUpOffset(this.#cluster, topic, partition, timestamp, 'read_uncommitted').catch(() => null);
    const [first, end] = await Promise.all([look(EARLIEST_TIMESTAMP), look(LATEST_TIMESTAMP)]);
    const range = first === null || end === null ? '' : `, which holds ${first} to ${end} (exclusive)`;
    this.#fail(
      new PlatformError('KAFKA_OFFSET_OUT_OF_RANGE', {
        doing: `reading "${topic}" partition ${partition}`,
        why: `the position ${position} is not in the partition${range}`,
        context: { topic, partition, offset: String(position) },
      }),
    );
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
        const { metadata } = this.#cluster;
        const isMissing = [...this.#partitions.values()].some(
          (one) => metadata.leaderOf(one.topic, one.partition) < 0,
        );
        this.#isRefreshing = false;
        this.#recheckLater(isMissing ? MISSING_RECHECK_MS : RECHECK_MS);
      });
  }

  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const connection of this.#connections.values()) connection.close();
    this.#ready.length = 0;
  }

  /** Closes the connections; a waiting `next()` returns null. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    this.#wake();
  }
}

/** @throws PlatformError for what neither a new session nor time mends */
function resultsOf(answer: FetchAnswer, { session }: FetchConnection): readonly FetchResult[] {
  switch (answer.errorCode) {
    case KAFKA_ERROR.NONE:
      session.answered(answer.sessionId);
      return answer.partitions;
    case KAFKA_ERROR.FETCH_SESSION_ID_NOT_FOUND:
      session.lost(0);
      return NO_RESULTS;
    case KAFKA_ERROR.INVALID_FETCH_SESSION_EPOCH:
      session.lost();
      return NO_RESULTS;
    default:
      throw responseError(answer.errorCode, 'fetching');
  }
}
