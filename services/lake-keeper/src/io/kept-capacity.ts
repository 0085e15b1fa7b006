import type { CapacityConfig } from '@hasivu/config';
import {
  CapacityWatch,
  OBJECT_KINDS,
  rewriteLimit,
  type CapacityState,
  type LakeStore,
  type UsageTally,
} from '@hasivu/lake-engine';
import type { ServiceContext } from '@hasivu/service-kit';
import { lacksRoom, type LakeRoom, type TableFacts } from '../core/work-choice.ts';
import type { KeeperMetrics } from '../metrics.ts';

type Around = Pick<ServiceContext, 'logger' | 'countError' | 'alive' | 'signal'>;

/**
 * What the keeper knows of the bytes of the lake, and what it does not do for want of room. It goes on when the lake is
 * full: what frees room may write the little that it needs.
 */
export class KeptCapacity {
  readonly #watch: CapacityWatch;
  readonly #metrics: KeeperMetrics;
  readonly #context: Around;
  readonly #maxBytes: number;
  /** Rewrites leave the rest to what comes in; the lake counts as full from here on. */
  readonly #limitBytes: number;
  #state: CapacityState | null = null;
  /** As of the last look at each: a table that is worked on is not looked at. */
  readonly #withoutRoom = new Set<string>();

  constructor(
    config: CapacityConfig,
    store: Pick<LakeStore, 'list'>,
    metrics: KeeperMetrics,
    context: Around,
  ) {
    const { warnAtRatio, listEveryMs, recheckEveryMs } = config;
    const { alive, signal } = context;
    this.#metrics = metrics;
    this.#context = context;
    this.#maxBytes = config.maxBytes ?? Infinity;
    this.#limitBytes = rewriteLimit({ maxBytes: this.#maxBytes, warnAtRatio });
    if (config.maxBytes !== undefined) {
      metrics.capacityBytes.set(config.maxBytes);
      metrics.warnBytes.set(warnAtRatio * config.maxBytes);
    }
    this.#watch = new CapacityWatch({
      store,
      maxBytes: this.#maxBytes,
      warnAtRatio,
      listEveryMs,
      recheckEveryMs,
      onUsage: (usage) => this.#report(usage),
      onState: (state) => this.#tell(state),
      onFailed: (error) => {
        context.countError(error);
        context.logger.warn({ err: error }, 'the lake could not be listed: its bytes are as of before');
      },
      alive,
      signal,
    });
  }

  /** Lists again and again until the service is to stop. */
  async run(): Promise<void> {
    await this.#watch.run();
  }

  /** An object was stored by this process. */
  readonly stored = (bytes: number): void => {
    this.#watch.stored(bytes);
    this.#metrics.usedBytes.set(this.#watch.usedBytes);
  };

  /** None before the first listing: a lake that is full would not be noticed. */
  get room(): LakeRoom {
    if (this.#maxBytes === Infinity) return { freeBytes: Infinity, isFull: false };
    const { state, freeBytes } = this.#watch;
    if (state === null) return { freeBytes: 0, isFull: false };
    return { freeBytes: freeBytes - (this.#maxBytes - this.#limitBytes), isFull: this.#isFull };
  }

  get #isFull(): boolean {
    return this.#watch.state?.kind === 'refused' || this.#watch.usedBytes >= this.#limitBytes;
  }

  /** Sets room aside for a rewrite; null where there is none. */
  reserve(bytes: number): (() => void) | null {
    return this.#maxBytes === Infinity ? () => undefined : this.#watch.tryReserve(bytes, this.#limitBytes);
  }

  /** Files were deleted. */
  freed(): void {
    this.#watch.look();
  }

  /** Says how many tables wait for room; once when it begins, and once when it ends. */
  looked(tables: readonly TableFacts[]): void {
    // Nothing is known yet, which is over in a moment.
    if (this.#watch.state === null) return;
    const before = this.#withoutRoom.size;
    // What a rewrite that is under way has reserved comes back: it is not why a table waits.
    const room = { freeBytes: this.#limitBytes - this.#watch.usedBytes, isFull: this.#isFull };
    for (const table of tables)
      if (lacksRoom(table, room)) this.#withoutRoom.add(table.root);
      else this.#withoutRoom.delete(table.root);
    const count = this.#withoutRoom.size;
    const { logger } = this.#context;
    this.#metrics.withoutRoom.set(count);
    const { usedBytes } = this.#watch;
    const facts = {
      tables: count,
      usedBytes,
      rewritesUpToBytes: this.#limitBytes,
      capacityBytes: this.#maxBytes,
    };
    if (count > 0 && before === 0)
      logger.warn(
        { code: 'LAKE_CAPACITY_EXCEEDED', ...facts },
        'files of some tables are not rewritten: what they would become does not fit below lake.capacity.warnAtRatio beside what they were, which stays until a vacuum',
      );
    if (count === 0 && before > 0) logger.info(facts, 'there is room to rewrite files again');
  }

  /** The table is gone. */
  forget(root: string): void {
    this.#withoutRoom.delete(root);
  }

  #report(usage: UsageTally): void {
    const { storedBytes, storedObjects, usedBytes } = this.#metrics;
    // A table that is gone has none.
    storedBytes.reset();
    storedObjects.reset();
    for (const [table, sums] of usage.tables)
      for (const kind of OBJECT_KINDS) {
        const { objects, bytes } = sums[kind];
        if (objects === 0) continue;
        storedBytes.set({ table, kind }, bytes);
        storedObjects.set({ table, kind }, objects);
      }
    usedBytes.set(this.#watch.usedBytes);
  }

  #tell(state: CapacityState): void {
    const { logger, countError } = this.#context;
    const facts = { usedBytes: state.usedBytes, capacityBytes: this.#maxBytes };
    if (state.kind === 'refused') {
      countError(state.error);
      logger.error({ code: state.error.code, ...state.error.context }, state.error.message);
    } else if (state.kind === 'warn') logger.warn(facts, 'the lake gets full');
    else if (this.#state !== null) logger.info(facts, 'the lake has room');
    this.#state = state;
  }
}
