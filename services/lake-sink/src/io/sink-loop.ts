import { setTimeout as sleep } from 'node:timers/promises';
import { isPlatformError, type PlatformError } from '@hasivu/errors';
import { Fetcher, type FetchedBatch, type KafkaCluster } from '@hasivu/kafka';
import { atOnce } from '@hasivu/lake-engine';
import type { SinkMetrics } from '../metrics.ts';
import { FlushTurns } from './flush-turns.ts';
import { forgetLag, reportLag } from './sink-lag.ts';
import type { ShareHolder } from './topic-share.ts';
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
  /** Another sink has written the table: it is opened anew, from where it is. */
  readonly onFenced: (writer: TopicWriter, error: PlatformError) => void;
  /** The loop ends by an error: nobody is to wait for anything any more. */
  readonly onFailed: () => void;
}

/** Between two looks at a flush that a topic which is given up waits for. */
const RELEASE_POLL_MS = 50;
const RELEASES_AT_ONCE = 8;

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
export class SinkLoop implements ShareHolder {
  readonly #options: SinkLoopOptions;
  readonly #fetcher: Fetcher;
  readonly #stopped = new Set<TopicWriter>();
  readonly #turns: FlushTurns;
  readonly #failed = Promise.withResolvers<never>();
  #failure: unknown = null;
  #discovering: Promise<void> | null = null;
  /** Whose batch is being read, and how that ends. */
  #consuming: { readonly writer: TopicWriter; readonly ended: Promise<void> } | null = null;
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
    await this.discover();
    const tick = setInterval(() => this.#tick(), this.#options.tickMs);
    const discover = setInterval(
      () => void (this.#discovering ?? this.discover()).catch((error: unknown) => this.fail(error)),
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
      this.#consuming = { writer, ended: this.#consume(writer, batch) };
      await this.#consuming.ended;
      this.#consuming = null;
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
    const { topics, metrics } = this.#options;
    let held = 0;
    for (const writer of topics.writers) {
      held += writer.heldBytes;
      if (!this.#stopped.has(writer) && !writer.isFlushing && writer.due() !== null)
        this.#flushInBackground(writer);
    }
    metrics.heldBytes.set(held);
    this.#options.alive();
    const nowMs = performance.now();
    if (nowMs - this.#lagReportedMs < LAG_EVERY_MS) return;
    this.#lagReportedMs = nowMs;
    reportLag(this.#fetcher.lag(), topics, this.#stopped, metrics);
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
        this.fail(error);
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
    for (const writer of [...this.#options.topics.writers]) {
      if (!this.#stopped.has(writer)) await this.#flush(writer);
    }
    if (this.#failure !== null) throw this.#failure as Error;
  }

  /** One at a time: a topic that is still being opened, perhaps until there is room in the lake, must not be opened twice. */
  async discover(): Promise<void> {
    while (this.#discovering !== null) await this.#discovering.catch(() => undefined);
    this.#discovering = this.#discoverOnce();
    try {
      await this.#discovering;
    } finally {
      this.#discovering = null;
    }
  }

  async #discoverOnce(): Promise<void> {
    const { topics, metrics } = this.#options;
    for (const table of topics.leaveOthers()) forgetLag(table, metrics);
    // The group may have taken this sink for dead meanwhile.
    for (const assignment of await topics.discover())
      if (topics.writerOf(assignment.topic) !== undefined) this.#fetcher.add(assignment);
    metrics.tables.set([...topics.writers].length);
    this.#countStopped();
  }

  *held(): Iterable<{ readonly topic: string; readonly read: number; readonly waiting: number }> {
    const waiting = new Map<string, number>();
    for (const { topic, lag } of this.#fetcher.lag())
      waiting.set(topic, (waiting.get(topic) ?? 0) + Number(lag ?? 0n));
    for (const { binding, recordsRead } of this.#options.topics.writers)
      yield { topic: binding.topic, read: recordsRead, waiting: waiting.get(binding.topic) ?? 0 };
  }

  async release(topics: readonly string[]): Promise<void> {
    // One of them may be about to be opened.
    await this.#discovering?.catch(() => undefined);
    await atOnce(topics, RELEASES_AT_ONCE, (topic) => this.#giveUp(topic));
  }

  async #giveUp(topic: string): Promise<void> {
    const writer = this.#options.topics.writerOf(topic);
    if (writer === undefined) return;
    this.#stopReading(writer);
    let isFinished = this.#stopped.has(writer);
    if (!isFinished) void this.#finish(writer).then(() => (isFinished = true));
    // Room in the lake may be waited for for days; who writes the table next reads again what has none.
    while (!isFinished && !writer.waitsForRoom) await sleep(RELEASE_POLL_MS);
    this.#forget(writer);
  }

  /** Never rejects. */
  async #finish(writer: TopicWriter): Promise<void> {
    const consuming = this.#consuming;
    if (consuming?.writer === writer) await consuming.ended.catch(() => undefined);
    await this.#flush(writer);
  }

  releaseAll(): void {
    for (const writer of [...this.#options.topics.writers]) {
      this.#stopReading(writer);
      this.#forget(writer);
    }
  }

  #forget(writer: TopicWriter): void {
    const { topics, metrics } = this.#options;
    if (topics.writerOf(writer.binding.topic) !== writer) return;
    writer.close();
    topics.remove(writer.binding.topic);
    this.#stopped.delete(writer);
    forgetLag(writer.binding.table, metrics);
    metrics.tables.set([...topics.writers].length);
    this.#countStopped();
  }

  #stopReading(writer: TopicWriter): void {
    for (const [topic, partition] of this.#partitionsOf(writer)) this.#fetcher.remove(topic, partition);
  }

  #hold(writer: TopicWriter): void {
    for (const [topic, partition] of this.#partitionsOf(writer)) this.#fetcher.pause(topic, partition);
  }

  #release(writer: TopicWriter): void {
    for (const [topic, partition] of this.#partitionsOf(writer)) this.#fetcher.resume(topic, partition);
  }

  *#partitionsOf({ binding: { topic } }: TopicWriter): Iterable<readonly [topic: string, partition: number]> {
    const count = this.#options.topics.partitionsOf(topic);
    for (let partition = 0; partition < count; partition += 1) yield [topic, partition];
  }

  /** What one table declares and cannot have is that table's trouble; everything else ends the process and replays. */
  #stopOrThrow(writer: TopicWriter, error: unknown): void {
    if (writer.isClosed) return;
    const isFenced = this.#options.topics.isShared && isPlatformError(error) && error.code === 'LAKE_FENCED';
    if (isFenced) {
      this.#stopReading(writer);
      this.#forget(writer);
      this.#options.onFenced(writer, error);
      return;
    }
    if (!isPlatformError(error) || !STOPS_A_TABLE.has(error.code)) throw error;
    const { topic } = writer.binding;
    const { topics } = this.#options;
    if (this.#stopped.has(writer) || topics.writerOf(topic) !== writer) return;
    writer.abandon();
    this.#stopReading(writer);
    if (error.code === 'LAKE_TABLE_WITHOUT_ROOM') topics.setAside(writer.binding, error);
    else this.#stopped.add(writer);
    this.#countStopped();
    this.#options.onStopped(writer, error);
  }

  #countStopped(): void {
    this.#options.metrics.stoppedTables.set(this.#stopped.size + this.#options.topics.withoutRoom);
  }

  /** Ends the loop. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#failed.reject(error);
  }
}
