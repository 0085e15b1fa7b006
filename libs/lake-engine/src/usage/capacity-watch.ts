import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { LakeStore } from '../maintenance/lake-store.ts';
import { CapacityLedger } from './core/capacity-ledger.ts';
import { capacityState, withoutRoom, type CapacityState, type Room } from './core/capacity-state.ts';
import type { UsageTally } from './core/usage-tally.ts';
import { measureUsage } from './measure-usage.ts';

export interface CapacityWatchOptions {
  /** Lists the lake; its own requests count nothing. */
  readonly store: Pick<LakeStore, 'list'>;
  /** Infinity where the lake is only measured. */
  readonly maxBytes: number;
  readonly warnAtRatio: number;
  readonly listEveryMs: number;
  /** The time between two listings while writing is refused. */
  readonly recheckEveryMs: number;
  /** Called after each listing. */
  readonly onUsage: (usage: UsageTally) => void;
  /** Called when it changes, and first after the first listing. */
  readonly onState: (state: CapacityState) => void;
  /** Called whenever it is looked at, also where only its numbers are others. */
  readonly onLook?: (state: CapacityState) => void;
  /** A listing failed, the first one in a row; what was known goes on to count until it is too old. */
  readonly onFailed: (error: unknown) => void;
  /** A listing gets on, or somebody waits for room. */
  readonly alive: () => void;
  readonly signal: AbortSignal;
}

/** A listing takes at most this share of the time: a lake of millions of objects is listed more seldom. */
const LISTING_SHARE = 0.05;
/** The same while somebody waits for what only a listing can tell. */
const WAITING_SHARE = 0.5;
/** Intervals without a listing that succeeded after which nothing is written: others write, too. */
const STALE_LISTINGS = 3;
const ALIVE_EVERY_MS = 10_000;

/** Knows the bytes of one lake location by listing it, and lets writers wait while it is full. */
export class CapacityWatch implements Room {
  readonly #options: CapacityWatchOptions;
  readonly #ledger: CapacityLedger;
  /** Bytes that each of those who wait has asked for. */
  readonly #waiting = new Map<object, number>();
  #state: CapacityState | null = null;
  #failure: PlatformError | null = null;
  #listedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  /** The last listing that succeeded. */
  #tookMs = 0;
  /** The last one, whatever became of it. */
  #triedForMs = 0;
  #isWanted = false;
  #changed = Promise.withResolvers<void>();
  #woken = Promise.withResolvers<void>();

  constructor(options: CapacityWatchOptions) {
    this.#options = options;
    this.#ledger = new CapacityLedger(options.maxBytes);
    options.signal.addEventListener('abort', () => this.#tell(), { once: true });
  }

  get usedBytes(): number {
    return this.#ledger.usedBytes;
  }

  /** Room that nobody has reserved. */
  get freeBytes(): number {
    return this.#ledger.freeBytes;
  }

  /** Null before the first listing. */
  get state(): CapacityState | null {
    return this.#state;
  }

  /** An object was stored by this process. */
  readonly stored = (bytes: number): void => this.#ledger.stored(bytes);

  /** Lists for the first time. @throws STORE_* */
  async open(): Promise<void> {
    await this.#list();
    this.#settle();
  }

  /** Lists again and again until the signal aborts; a listing that fails does not end it. */
  async run(): Promise<void> {
    const { signal, onFailed } = this.#options;
    while (!signal.aborted) {
      if (performance.now() >= this.#dueAtMs()) {
        try {
          await this.#list();
        } catch (error) {
          if (signal.aborted) return;
          if (!isPlatformError(error)) throw error;
          if (this.#failure === null) onFailed(error);
          this.#failure = error;
        }
      }
      this.#settle();
      await this.#sleep();
    }
  }

  /** Something may have freed room: the next listing comes as soon as it may. */
  look(): void {
    this.#isWanted = true;
    this.#woken.resolve();
  }

  /** Sets room aside without waiting; null where there is none. @param upToBytes what of the capacity it may fill */
  tryReserve(bytes: number, upToBytes = this.#options.maxBytes): (() => void) | null {
    if (this.#state === null || this.#state.kind === 'refused') return null;
    return this.#ledger.reserve(bytes, upToBytes) ? this.#releaseOf(bytes) : null;
  }

  fits(bytes: number): boolean {
    return this.#unknown() === null && this.#ledger.fits(bytes);
  }

  async admit(bytes: number, orRefuse?: { readonly doing: string }): Promise<() => void> {
    const turn = {};
    try {
      for (;;) {
        const isKnown = this.#unknown() === null;
        if (isKnown && this.#ledger.reserve(bytes)) return this.#releaseOf(bytes);
        if (
          bytes > this.#options.maxBytes ||
          (orRefuse !== undefined && isKnown && !this.#ledger.fits(bytes))
        )
          throw this.#refusal(bytes, orRefuse?.doing);
        if (this.#options.signal.aborted)
          throw new DOMException('stopped while waiting for room in the lake', 'AbortError');
        this.#waiting.set(turn, bytes);
        this.#woken.resolve();
        await this.#changed.promise;
      }
    } finally {
      // Nobody waits any more: what was refused is over.
      if (this.#waiting.delete(turn)) this.#woken.resolve();
    }
  }

  /** Perhaps room was made since the last listing. */
  #refusal(bytes: number, doing?: string): PlatformError {
    this.look();
    return withoutRoom(this.#ledger, bytes, doing);
  }

  #releaseOf(bytes: number): () => void {
    return () => {
      this.#ledger.release(bytes);
      this.#tell();
    };
  }

  /** Lets those who wait ask again. */
  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #list(): Promise<void> {
    const { store, signal, alive, onUsage } = this.#options;
    this.#isWanted = false;
    this.#triedAtMs = performance.now();
    const storedBefore = this.#ledger.listing();
    try {
      const onPage = (): void => {
        alive();
        // Who came to wait meanwhile is told so before it ends; before the first one nothing is known.
        if (this.#state !== null) this.#settle();
      };
      const usage = await measureUsage(store, { signal, onPage });
      this.#ledger.listed(usage.total.bytes, storedBefore);
      this.#listedAtMs = performance.now();
      this.#tookMs = this.#listedAtMs - this.#triedAtMs;
      this.#failure = null;
      onUsage(usage);
    } finally {
      this.#triedForMs = performance.now() - this.#triedAtMs;
    }
  }

  /** When the next listing is due. Soon where it may change an answer: somebody waits, or what is known is in doubt. */
  #dueAtMs(): number {
    const { listEveryMs, recheckEveryMs } = this.#options;
    const isRefused = this.#waiting.size > 0 && this.#state?.kind === 'refused';
    const isUrgent =
      this.#isWanted || this.#waiting.size > 0 || this.#failure !== null || this.#state?.kind === 'refused';
    const everyMs = Math.max(
      isUrgent ? Math.min(recheckEveryMs, listEveryMs) : listEveryMs,
      this.#triedForMs / (isRefused ? WAITING_SHARE : LISTING_SHARE),
    );
    return this.#triedAtMs + everyMs;
  }

  /** What is known became too old to be relied on. */
  #unknown(): PlatformError | null {
    const staleMs = STALE_LISTINGS * Math.max(this.#options.listEveryMs, this.#tookMs / LISTING_SHARE);
    if (this.#failure === null || performance.now() - this.#listedAtMs < staleMs) return null;
    return new PlatformError('LAKE_CAPACITY_UNKNOWN', {
      doing: 'listing the lake',
      why: `${this.#failure.code}, ${this.#failure.why}`,
      context: { storeCode: this.#failure.code },
      cause: this.#failure,
    });
  }

  #settle(): void {
    const { warnAtRatio, onState, onLook } = this.#options;
    const unknown = this.#unknown();
    const wanted = [...this.#waiting.values()];
    const state = capacityState({
      ledger: this.#ledger,
      warnAtRatio,
      wantedBytes: Math.max(0, ...wanted),
      unknown,
    });
    const isSame = this.#state !== null && nameOf(state) === nameOf(this.#state);
    this.#state = state;
    if (!isSame) onState(state);
    onLook?.(state);
    // Only where somebody gets something: who asks in vain would be told again at once.
    if (unknown === null && !this.#ledger.isFull && wanted.some((bytes) => bytes <= this.#ledger.freeBytes))
      this.#tell();
  }

  /** Until the next listing is due, somebody asks for room in vain, or the process is to stop. */
  async #sleep(): Promise<void> {
    const { signal, alive } = this.#options;
    const leftMs = Math.max(0, this.#dueAtMs() - performance.now());
    this.#woken = Promise.withResolvers();
    const { promise } = this.#woken;
    const resolve = (): void => this.#woken.resolve();
    const timer = setTimeout(resolve, Math.min(leftMs, ALIVE_EVERY_MS));
    signal.addEventListener('abort', resolve, { once: true });
    if (signal.aborted) resolve();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', resolve);
    if (this.#waiting.size > 0) alive();
  }
}

function nameOf(state: CapacityState): string {
  return state.kind === 'refused' ? state.error.code : state.kind;
}
