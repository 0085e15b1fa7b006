import { isPlatformError } from '@hasivu/errors';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { BrokerLostError, messageOf, responseError } from '../client/kafka-error.ts';
import { lookUpOffset } from '../client/offset-lookup.ts';
import { exhausted, isRepeatable } from '../client/retry.ts';
import { isRetriable, KAFKA_ERROR } from '../protocol/error-codes.ts';
import { fetchApi, type FetchResult, type Isolation } from '../protocol/fetch.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts';
import { FetchConnection } from './fetch-connection.ts';
import { planFetches, type LeaderRequest } from './fetch-plan.ts';
import { batchOf, type FetchedBatch } from './fetched-batch.ts';
import { offsetOutOfRange } from './offset-out-of-range.ts';
import { partitionName, PartitionState, type Assignment, type PartitionLag } from './partition-state.ts';
import { ReadyBatches } from './ready-batches.ts';

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

const NO_RESULTS: readonly FetchResult[] = [];

const MEBIBYTE = 1024 * 1024;
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
  /** By name; the order is whose turn it is. */
  readonly #partitions = new Map<string, PartitionState>();
  readonly #connections = new Map<number, FetchConnection>();
  readonly #ready: ReadyBatches;
  /** Bytes that requests under way may bring. */
  #requestedBytes = 0;
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
    this.#ready = new ReadyBatches(options.reuseAnswers === true);
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
    this.#ready.drop(state);
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
    this.#ready.done();
    try {
      for (;;) {
        if (this.#failure !== null) throw this.#failure;
        if (this.#isClosed || signal?.aborted === true) return null;
        const batch = this.#ready.take();
        if (batch !== null) {
          if (this.#couldFetch()) this.#schedule();
          return batch;
        }
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

  /** Of the prefetch budget. */
  get #leftBytes(): number {
    return this.#prefetchBytes - this.#ready.bytes - this.#requestedBytes;
  }

  /** Looking through all partitions is only worth it when a request can come of it. */
  #couldFetch(): boolean {
    if (this.#leftBytes < MIN_REQUEST_BYTES) return false;
    for (const connection of this.#connections.values()) if (!connection.isBusy) return true;
    return this.#connections.size === 0;
  }

  /** Starts every request that can start now. */
  #schedule(): void {
    if (this.#isClosed || this.#failure !== null) return;
    const now = performance.now();
    const { metadata } = this.#cluster;
    const plan = planFetches(this.#partitions.values(), (topic, id) => metadata.leaderOf(topic, id), now);
    let { mustRecheck } = plan;
    for (const state of plan.unplaced) void this.#lookUpStart(state);
    for (const request of plan.requests) {
      const connection = this.#connection(request.leader);
      const budget = Math.min(this.#maxBytes, this.#leftBytes);
      if (connection.isBusy || budget < MIN_REQUEST_BYTES) continue;
      if (connection.notBeforeMs > now) mustRecheck = true;
      else void this.#fetch(connection, request, budget);
    }
    // While a look for missing ones is due, the timer runs: others' requests must not make it come sooner.
    if (plan.leaderless.size > 0 && this.#timer === null) this.#refreshMetadata([...plan.leaderless]);
    if (mustRecheck) this.#recheckLater();
  }

  #connection(leader: number): FetchConnection {
    let connection = this.#connections.get(leader);
    if (connection === undefined) {
      connection = new FetchConnection(this.#cluster, leader, this.#ready.allocate);
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
    { states, isCrowded }: LeaderRequest,
    budget: number,
  ): Promise<void> {
    connection.isBusy = true;
    this.#requestedBytes += budget;
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
      results = connection.session.resultsOf(answer);
    } catch (error) {
      this.#onLost(connection, error);
    } finally {
      connection.isBusy = false;
      this.#requestedBytes -= budget;
    }
    if (this.#isClosed || this.#failure !== null) return;
    try {
      this.#accept(results, new Set(states));
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

  #accept(results: readonly FetchResult[], asked: ReadonlySet<PartitionState>): void {
    const stale = new Set<string>();
    const served = new Set<PartitionState>();
    for (const result of results) {
      const state = this.#find(result.topic, result.partition);
      // One that was removed and added again meanwhile has another position, and was not asked for.
      if (state === undefined || !asked.has(state)) continue;
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
    const batch = batchOf(state, result, this.#isolation);
    if (batch === null) return false;
    this.#ready.add(state, batch, result.records.buffer);
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
    state.isBusy = true; // for good: this ends in a failure
    this.#fail(await offsetOutOfRange(this.#cluster, state, state.position));
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
    this.#ready.clear();
  }

  /** Closes the connections; a waiting `next()` returns null. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
    this.#wake();
  }
}
