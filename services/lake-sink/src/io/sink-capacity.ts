import type { CapacityConfig } from '@hasivu/config';
import { CapacityWatch, NO_CAPACITY, type CapacityState, type Room } from '@hasivu/lake-engine';
import { countingStore, type ObjectStore } from '@hasivu/object-store';
import type { ServiceContext } from '@hasivu/service-kit';
import type { SinkMetrics } from '../metrics.ts';

/** What writes to the lake, and what it asks before. */
export interface SinkCapacity {
  readonly room: Room;
  readonly store: ObjectStore;
  /** Null where the lake has no capacity: nothing is listed then. */
  readonly capacity: CapacityWatch | null;
}

/** Holds the lake to its capacity; says on health, in the log and in metrics when that keeps the sink from writing. */
export function sinkCapacity(
  config: CapacityConfig | undefined,
  place: ObjectStore,
  metrics: SinkMetrics,
  context: Pick<ServiceContext, 'logger' | 'countError' | 'ready' | 'alive' | 'signal'>,
): SinkCapacity {
  if (config?.maxBytes === undefined) return { room: NO_CAPACITY, store: place, capacity: null };
  const { maxBytes, warnAtRatio, listEveryMs, recheckEveryMs } = config;
  const { logger, countError, alive, signal } = context;
  metrics.capacityBytes.set(maxBytes);
  metrics.warnBytes.set(warnAtRatio * maxBytes);
  let before: CapacityState | null = null;
  const capacity = new CapacityWatch({
    store: place,
    maxBytes,
    warnAtRatio,
    listEveryMs,
    recheckEveryMs,
    onUsage: () => metrics.usedBytes.set(capacity.usedBytes),
    onState: (state) => {
      metrics.refused.set(Number(state.kind === 'refused'));
      tellState(context, state, before, maxBytes);
      before = state;
    },
    // It may last for days: the newest numbers say whether there is progress.
    onLook: (state) => tellReadiness(context, state, maxBytes),
    onFailed: (error) => {
      countError(error);
      logger.warn(
        { err: error },
        'the lake could not be listed: its bytes are as of before, and tried again',
      );
    },
    alive,
    signal,
  });
  const store = countingStore(place, (bytes) => {
    capacity.stored(bytes);
    metrics.usedBytes.set(capacity.usedBytes);
  });
  return { room: capacity, store, capacity };
}

function tellState(
  { logger, countError }: Pick<ServiceContext, 'logger' | 'countError'>,
  state: CapacityState,
  before: CapacityState | null,
  capacityBytes: number,
): void {
  if (state.kind === 'refused') {
    const { error } = state;
    countError(error);
    logger.error(
      { code: error.code, ...error.context },
      `nothing is written until this is over: ${error.message}`,
    );
    return;
  }
  const { usedBytes } = state;
  const facts = { usedBytes, capacityBytes };
  const share = shareOf(usedBytes, capacityBytes);
  if (before?.kind === 'refused') logger.info(facts, `there is room again, writing goes on: ${share}`);
  else if (state.kind === 'warn') logger.warn(facts, `${share}: when it is full, nothing more is written`);
}

function tellReadiness(
  { ready }: Pick<ServiceContext, 'ready'>,
  state: CapacityState,
  capacityBytes: number,
): void {
  if (state.kind === 'refused') ready(false, state.error.message);
  else ready(true, state.kind === 'warn' ? `ready, but ${shareOf(state.usedBytes, capacityBytes)}` : 'ready');
}

function shareOf(usedBytes: number, capacityBytes: number): string {
  return `the lake is at ${((100 * usedBytes) / capacityBytes).toFixed(1)} % of its capacity`;
}
