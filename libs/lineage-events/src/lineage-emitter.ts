import { eventKey } from './event-key.ts';
import {
  buildRunEvent,
  type EventType,
  type LineageJob,
  type LineageSnapshot,
  type ParentRun,
} from './run-event.ts';
import { createRunId } from './run-id.ts';

/** Delivers one event. May be synchronous or not; whatever it throws is counted and reported, never passed on. */
export type LineageTransport = (key: string, json: string) => void | Promise<void>;

export interface LineageEmitterOptions {
  readonly namespace: string;
  /** Name of the job, e.g. `cdc-source.public.orders`. */
  readonly name: string;
  /** Period of RUNNING events. */
  readonly intervalMs: number;
  /** Called for each event: what is durable at this moment, as totals since the start of the run, in a new object. */
  readonly snapshot: () => LineageSnapshot;
  readonly transport: LineageTransport;
  /** Reports a lost event; data goes on. `failures` counts since the start. */
  readonly onFailure: (error: unknown, failures: number) => void;
  /** Default: the namespace's own job of the same name, with a run id of this process. */
  readonly parent?: ParentRun;
  readonly clock?: () => Date;
}

const ENGINE_VERSION = '0.1.0';
const DELIVERY_BOUND_MS = 5_000;

/**
 * Life cycle of one streaming run: START, RUNNING every interval, and one terminal event at the end. Lineage follows the
 * data and never holds it up: no method throws, and an event that cannot be sent is counted and its window is carried
 * into the next one.
 */
export class LineageEmitter {
  readonly runId: string;
  readonly #options: LineageEmitterOptions;
  readonly #job: LineageJob;
  readonly #clock: () => Date;
  #state: 'new' | 'running' | 'ended' = 'new';
  #reported: LineageSnapshot | undefined;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #started = false;

  constructor(options: LineageEmitterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => new Date());
    this.runId = createRunId(this.#clock());
    this.#job = {
      namespace: options.namespace,
      name: options.name,
      processing: { type: 'STREAMING', windowSeconds: options.intervalMs / 1000 },
      parent: options.parent ?? {
        namespace: options.namespace,
        name: options.namespace,
        runId: createRunId(this.#clock()),
      },
      engineVersion: ENGINE_VERSION,
    };
  }

  /** Events that could not be built or sent. */
  get failures(): number {
    return this.#failures;
  }

  /** Sends START and begins the periodic RUNNING events. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    void this.#send('START');
    this.#timer = setInterval(() => this.running(), this.#options.intervalMs);
    this.#timer.unref();
  }

  /** Sends RUNNING now, e.g. after a schema change. Skipped while an event is on its way: its window joins the next. */
  running(): void {
    if (this.#state !== 'running' || this.#sending) return;
    void this.#send('RUNNING');
  }

  /** The work is finished. */
  async complete(): Promise<void> {
    await this.#end('COMPLETE');
  }

  /** The service was asked to stop: no failure, and the stream is not at its end. */
  async abort(): Promise<void> {
    await this.#end('ABORT');
  }

  /** The service stops on an error. @param message code and summary; never a row's value */
  async fail(message: string): Promise<void> {
    await this.#end('FAIL', message);
  }

  async #end(eventType: EventType, errorMessage?: string): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'ended';
    clearInterval(this.#timer);
    await this.#sending;
    await this.#send(eventType, errorMessage);
  }

  async #send(eventType: EventType, errorMessage?: string): Promise<void> {
    const attempt = this.#attempt(eventType, errorMessage);
    this.#sending = attempt;
    await attempt;
    if (this.#sending === attempt) this.#sending = null;
  }

  async #attempt(wanted: EventType, errorMessage?: string): Promise<void> {
    try {
      // Consumers expect START first: where it was lost, the next periodic event takes its place.
      const eventType = wanted === 'RUNNING' && !this.#started ? 'START' : wanted;
      const snapshot = this.#options.snapshot();
      const event = buildRunEvent(this.#job, {
        eventType,
        eventTime: this.#clock(),
        runId: this.runId,
        snapshot,
        ...(this.#reported ? { before: this.#reported } : {}),
        ...(errorMessage === undefined ? {} : { errorMessage }),
      });
      await this.#deliver(eventKey(event), JSON.stringify(event));
      this.#started = true;
      this.#reported = snapshot;
    } catch (error) {
      this.#failures += 1;
      this.#report(error);
    }
  }

  // Without a bound, a broker that never answers would hold up the stop of the service.
  async #deliver(key: string, json: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer within ${DELIVERY_BOUND_MS} ms`)),
        DELIVERY_BOUND_MS,
      );
    });
    try {
      await Promise.race([this.#options.transport(key, json), bound]);
    } finally {
      clearTimeout(timer);
    }
  }

  // A failing report must not become a failing data path either.
  #report(error: unknown): void {
    try {
      this.#options.onFailure(error, this.#failures);
    } catch {
      this.#failures += 1;
    }
  }
}
