import { setTimeout as sleep } from 'node:timers/promises';
import { isPlatformError } from '@hasivu/errors';
import type { ServiceContext } from '@hasivu/service-kit';
import { SetAside } from '../core/set-aside.ts';
import { chooseJobs, type Job } from '../core/work-choice.ts';
import type { KeeperMetrics } from '../metrics.ts';
import type { KeptCapacity } from './kept-capacity.ts';
import type { KeptTable, KeptTables } from './kept-tables.ts';
import { reportHealth, forgetHealth } from './report-health.ts';
import { runJob, type JobTools } from './table-jobs.ts';

/** Errors that stand in the way of every table, and that a person mends. */
const FOR_ALL: readonly string[] = ['STORE_DENIED', 'STORE_BUCKET_MISSING'];

const NOTHING = (): void => undefined;

export interface KeeperLoopOptions {
  readonly tables: KeptTables;
  readonly tools: JobTools;
  /** Absent where the lake has no capacity. */
  readonly capacity?: KeptCapacity;
  readonly metrics: KeeperMetrics;
  readonly intervalMs: number;
  readonly concurrency: number;
  readonly nowMs: () => number;
  readonly context: Pick<ServiceContext, 'logger' | 'countError' | 'alive' | 'ready'>;
}

/** Looks at every table, then works on those that need it, a bounded number at once, and begins again. */
export class KeeperLoop {
  readonly #options: KeeperLoopOptions;
  readonly #setAside = new SetAside();
  readonly #running = new Map<string, Promise<void>>();
  readonly #known = new Set<string>();
  /** An error that ends the service. */
  #fatal: Error | null = null;

  constructor(options: KeeperLoopOptions) {
    this.#options = options;
  }

  /** Resolves when the signal aborts and running jobs have ended. @throws STORE_DENIED, STORE_BUCKET_MISSING, bugs */
  async run(signal: AbortSignal): Promise<void> {
    const { intervalMs } = this.#options;
    try {
      while (!signal.aborted) {
        const startedMs = performance.now();
        await this.#pass(signal);
        const leftMs = intervalMs - (performance.now() - startedMs);
        await this.#wait(Math.max(0, leftMs), signal);
        if (this.#fatal !== null) throw this.#fatal;
      }
    } finally {
      await Promise.all(this.#running.values());
    }
    if (this.#fatal !== null) throw this.#fatal;
  }

  /** One look and the work that it asks for. */
  async #pass(signal: AbortSignal): Promise<void> {
    const { tables, capacity, metrics, nowMs, concurrency, intervalMs, context } = this.#options;
    const endMs = performance.now() + intervalMs;
    const found = await this.#looks(signal);
    if (found === null) return;
    metrics.tables.set(this.#known.size);
    metrics.tablesSetAside.set(this.#setAside.count(nowMs()));
    context.ready(true);
    const byRoot = new Map(found.map((kept) => [kept.root, kept]));
    capacity?.looked(found);
    for (const job of chooseJobs(found, nowMs(), capacity?.room)) {
      while (this.#running.size >= concurrency && performance.now() < endMs)
        await Promise.race([...this.#running.values(), this.#wait(endMs - performance.now(), signal)]);
      // What is left is chosen again by the next look, which is due.
      if (signal.aborted || this.#fatal !== null || this.#running.size >= concurrency) break;
      const release =
        capacity === undefined || job.addsBytes === 0 ? NOTHING : capacity.reserve(job.addsBytes);
      // Others that began meanwhile have taken the room.
      if (release !== null) this.#start(job, byRoot.get(job.root) as KeptTable, release, signal);
    }
    tables.trim();
  }

  /** The tables as they are now, but those that are worked on or set aside; null where the store does not answer. */
  async #looks(signal: AbortSignal): Promise<KeptTable[] | null> {
    const { tables, metrics, nowMs, context } = this.#options;
    const found: KeptTable[] = [];
    try {
      const roots = await tables.roots();
      for (const known of [...this.#known]) if (!roots.includes(known)) this.#forget(known);
      for (const root of roots) {
        if (signal.aborted) break;
        context.alive();
        if (this.#running.has(root) || this.#setAside.has(root, nowMs())) continue;
        const kept = await this.#look(root);
        if (kept === null) continue;
        this.#known.add(root);
        reportHealth(metrics, root, kept.health);
        found.push(kept);
      }
      return found;
    } catch (error) {
      if (!isPlatformError(error) || error.retry !== 'timed') throw error;
      context.countError(error);
      context.ready(false, error.message);
      context.logger.warn({ code: error.code, ...error.context }, `no look at the lake: ${error.message}`);
      return null;
    }
  }

  async #look(root: string): Promise<KeptTable | null> {
    try {
      return await this.#options.tables.look(root);
    } catch (error) {
      if (isPlatformError(error) && error.retry === 'timed') throw error;
      this.#failed(root, 'look', error);
      return null;
    }
  }

  #start(job: Job, kept: KeptTable, release: () => void, signal: AbortSignal): void {
    const running = this.#run(job, kept, signal)
      .catch((error: unknown) => void (this.#fatal ??= error as Error))
      .finally(() => {
        release();
        this.#running.delete(job.root);
      });
    this.#running.set(job.root, running);
  }

  async #run({ root, kind }: Job, kept: KeptTable, signal: AbortSignal): Promise<void> {
    const { tools, capacity, metrics, tables, nowMs, context } = this.#options;
    try {
      const { stopped, facts } = await runJob(kind, kept, tools);
      if (kind === 'vacuum') tables.vacuumed(root, nowMs());
      if (kind === 'vacuum') capacity?.freed();
      if (kind === 'tier' && !stopped) tables.tiered(root, nowMs());
      if (kind === 'retain' && !stopped && kept.retentionCutMs !== null)
        tables.retained(root, kept.retentionCutMs);
      metrics.jobs.inc({ job: kind, result: stopped ? 'stopped' : 'done' });
      this.#setAside.clear(root);
      context.logger.info({ table: root, job: kind, stopped, ...facts }, `${kind} of ${root}`);
    } catch (error) {
      if (signal.aborted && (error as Error).name === 'AbortError')
        return metrics.jobs.inc({ job: kind, result: 'stopped' });
      metrics.jobs.inc({ job: kind, result: 'failed' });
      this.#failed(root, kind, error);
    }
  }

  /** A table that cannot be looked after must not keep the others from it; what concerns all of them ends the service. */
  #failed(root: string, doing: string, error: unknown): void {
    const { context, tables, nowMs } = this.#options;
    if (!isPlatformError(error) || FOR_ALL.includes(error.code)) throw error;
    context.countError(error);
    tables.forget(root);
    const waitMs = this.#setAside.add(root, nowMs());
    context.logger.warn(
      { code: error.code, table: root, job: doing, waitMs, ...error.context },
      `the table is left alone for a while: ${error.message}`,
    );
  }

  #forget(root: string): void {
    this.#known.delete(root);
    this.#options.tables.forget(root);
    this.#options.capacity?.forget(root);
    forgetHealth(this.#options.metrics, root);
  }

  /** Until the time is over, the service is to stop, or something ended it; it is alive meanwhile. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const endMs = performance.now() + ms;
    for (;;) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || signal.aborted || this.#fatal !== null) return;
      if (this.#running.size === 0) this.#options.context.alive();
      await sleep(Math.min(leftMs, 5_000), undefined, { signal }).catch(() => undefined);
    }
  }
}
