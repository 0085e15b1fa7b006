import { isPlatformError, type PlatformError } from '@hasivu/errors';
import { Fetcher, type FetchedBatch, type KafkaCluster } from '@hasivu/kafka';
import type { SinkMetrics } from '../metrics.ts';
import { FlushTurns } from './flush-turns.ts';
import type { TopicSet } from './topic-set.ts';
import type { TopicWriter } from './topic-writer.ts';

export interface SinkLoopOptions {
  readonly cluster: KafkaCluster;
  readonly topics: TopicSet;
  readonly metrics: SinkMetrics;
  /** Bytes of rows that all tables together may hold. */
  readonly heldBytesLimit: number;
  /** How often due batches are looked for. */
  readonly tickMs: number;
  readonly discoverMs: number;
  /** Progress was made, or there was nothing to do. */
  readonly alive: () => void;
  /** A table stops and the others go on. */
  readonly onStopped: (writer: TopicWriter, error: PlatformError) => void;
  /** The loop ends by an error: nobody is to wait for anything any more. */
  readonly onFailed: () => void;
}

/** Goes through every partition. */
const LAG_EVERY_MS = 1_000;

/** Errors that stop the table they are of; the other tables go on. */
const STOPS_A_TABLE: ReadonlySet<string> = new Set([
  'LAKE_SCHEMA_INCOMPATIBLE',
  'LAKE_KEY_CHANGED',
  'LAKE_CONSTRAINT_BROKEN',
  'LAKE_CONSTRAINT_UNENFORCED',
  'LAKE_CHANGES_MISSING',
  'LAKE_TABLE_WITHOUT_ROOM',
]);

/** Reads the topics, hands their batches to the writers, and flushes what is due, in bounded memory. */
export class SinkLoop {
  readonly #options: SinkLoopOptions;
  readonly #fetcher: Fetcher;
  readonly #stopped = new Set<TopicWriter>();
  readonly #turns: FlushTurns;
  readonly #failed = Promise.withResolvers<never>();
  #failure: unknown = null;
  #isDiscovering = false;
  #lagReportedMs = -Infinity;

  constructor(options: SinkLoopOptions) {
    this.#options = options;
    this.#fetcher = new Fetcher(options.cluster, {
      assignments: [],
      isolation: 'read_committed',
      maxBytes: 2 << 20,
      maxPartitionBytes: 1 << 20,
      prefetchBytes: 4 << 20,
      maxWaitMs: 250,
      reuseAnswers: true,
    });
    this.#failed.promise.catch(() => undefined);
    this.#turns = new FlushTurns((writer) => this.#flush(writer));
  }

  /** Runs until the signal aborts, then makes durable what was accepted. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#discover();
    const tick = setInterval(() => this.#tick(), this.#options.tickMs);
    const discover = setInterval(
      () => void this.#discover().catch((error: unknown) => this.#fail(error)),
      this.#options.discoverMs,
    );
    const reading = this.#read(signal);
    try {
      await Promise.race([reading, this.#failed.promise]);
      await this.#drain();
    } catch (error) {
      // Room in the lake may be waited for for days.
      this.#options.onFailed();
      throw error;
    } finally {
      this.#turns.close();
      clearInterval(tick);
      clearInterval(discover);
      this.#fetcher.close();
      // What is under way ends first: a commit that goes on after the process reports its end would surprise.
      await this.#turns.allEnded();
      await Promise.allSettled([reading]);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (;;) {
      const batch = await this.#fetcher.next(signal);
      if (batch === null) return;
      this.#options.alive();
      const writer = this.#options.topics.writerOf(batch.topic);
      if (writer === undefined || this.#stopped.has(writer)) continue;
      await this.#consume(writer, batch);
      // While its flush waits for room, a table leaves the memory to those that get some.
      if (writer.due() !== null || writer.waitsForRoom) this.#flushInBackground(writer);
      await this.#makeRoom();
    }
  }

  async #consume(writer: TopicWriter, batch: FetchedBatch): Promise<void> {
    try {
      await writer.consume(batch);
    } catch (error) {
      this.#stopOrThrow(writer, error);
    }
  }

  #tick(): void {
    let held = 0;
    for (const writer of this.#options.topics.writers) {
      held += writer.heldBytes;
      if (!this.#stopped.has(writer) && !writer.isFlushing && writer.due() !== null)
        this.#flushInBackground(writer);
    }
    this.#options.metrics.heldBytes.set(held);
    this.#options.alive();
    const nowMs = performance.now();
    if (nowMs - this.#lagReportedMs < LAG_EVERY_MS) return;
    this.#lagReportedMs = nowMs;
    this.#reportLag();
  }

  #flushInBackground(writer: TopicWriter): void {
    if (writer.isFlushing) {
      // Its next batch is full before the last one is durable: let the others have the memory.
      this.#hold(writer);
    } else this.#turns.begin(writer);
  }

  async #flush(writer: TopicWriter): Promise<void> {
    try {
      await writer.flush();
    } catch (error) {
      try {
        this.#stopOrThrow(writer, error);
      } catch {
        this.#fail(error);
      }
    } finally {
      this.#release(writer);
    }
  }

  /** Waits while the tables hold too much: flushes the largest that can be, goes on when one is done, whichever it is. */
  async #makeRoom(): Promise<void> {
    while (this.#held() > this.#options.heldBytesLimit && this.#failure === null) {
      const ended = this.#turns.ended();
      if (!this.#turns.moves) {
        const [largest] = [...this.#options.topics.writers]
          .filter((writer) => writer.hasRows && !writer.isFlushing)
          .sort((left, right) => right.heldBytes - left.heldBytes);
        if (largest !== undefined) this.#turns.begin(largest);
        else if (!this.#turns.any) return;
      }
      await ended;
    }
  }

  #held(): number {
    let held = 0;
    for (const writer of this.#options.topics.writers) held += writer.heldBytes;
    return held;
  }

  async #drain(): Promise<void> {
    await this.#turns.allEnded();
    // Also of one that waited for room and was aborted: what is left is read again by the next start.
    if (this.#failure !== null) throw this.#failure as Error;
    for (const writer of this.#options.topics.writers) {
      if (!this.#stopped.has(writer)) await writer.flush();
    }
    if (this.#failure !== null) throw this.#failure as Error;
  }

  /** One at a time: a topic that is still being opened, perhaps until there is room in the lake, must not be opened twice. */
  async #discover(): Promise<void> {
    if (this.#isDiscovering) return;
    this.#isDiscovering = true;
    try {
      for (const assignment of await this.#options.topics.discover()) this.#fetcher.add(assignment);
      this.#countStopped();
    } finally {
      this.#isDiscovering = false;
    }
  }

  #hold(writer: TopicWriter): void {
    for (
      let partition = 0;
      partition < this.#options.topics.partitionsOf(writer.binding.topic);
      partition += 1
    ) {
      this.#fetcher.pause(writer.binding.topic, partition);
    }
  }

  #release(writer: TopicWriter): void {
    for (
      let partition = 0;
      partition < this.#options.topics.partitionsOf(writer.binding.topic);
      partition += 1
    ) {
      this.#fetcher.resume(writer.binding.topic, partition);
    }
  }

  /** What one table declares and cannot have is that table's trouble; everything else ends the process and replays. */
  #stopOrThrow(writer: TopicWriter, error: unknown): void {
    if (!isPlatformError(error) || !STOPS_A_TABLE.has(error.code)) throw error;
    const { topic } = writer.binding;
    const { topics } = this.#options;
    if (this.#stopped.has(writer) || topics.writerOf(topic) !== writer) return;
    writer.abandon();
    for (let partition = 0; partition < this.#options.topics.partitionsOf(topic); partition += 1)
      this.#fetcher.remove(topic, partition);
    if (error.code === 'LAKE_TABLE_WITHOUT_ROOM') topics.setAside(topic, error);
    else this.#stopped.add(writer);
    this.#countStopped();
    this.#options.onStopped(writer, error);
  }

  #countStopped(): void {
    this.#options.metrics.stoppedTables.set(this.#stopped.size + this.#options.topics.withoutRoom);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#failed.reject(error);
  }

  #reportLag(): void {
    const byTable = new Map<string, number>();
    const { writers } = this.#options.topics;
    // What a flush holds is not durable either, and it may wait for room in the lake.
    const waiting = new Set(
      [...writers].filter((own) => own.hasRows || own.isFlushing || this.#stopped.has(own)),
    );
    for (const { topic, lag } of this.#fetcher.lag()) {
      const writer = this.#options.topics.writerOf(topic);
      if (writer === undefined) continue;
      const { table } = writer.binding;
      byTable.set(table, (byTable.get(table) ?? 0) + Number(lag ?? 0n));
      if ((lag ?? 0n) > 0n) waiting.add(writer);
    }
    const { lagRows, lagSeconds } = this.#options.metrics;
    for (const [table, lag] of byTable) lagRows.set({ table }, lag);
    for (const writer of writers) {
      const ageMs = waiting.has(writer) ? Math.max(0, Date.now() - writer.newestMs) : 0;
      lagSeconds.set({ table: writer.binding.table }, writer.newestMs === 0 ? 0 : ageMs / 1000);
    }
  }
}
