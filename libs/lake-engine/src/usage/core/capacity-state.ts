import { PlatformError } from '@hasivu/errors';
import type { CapacityLedger } from './capacity-ledger.ts';

/** How the lake stands: what changes between them is told once. */
export type CapacityState =
  | { readonly kind: 'room' | 'warn'; readonly usedBytes: number }
  /** Writing is refused, for this reason. */
  | { readonly kind: 'refused'; readonly usedBytes: number; readonly error: PlatformError };

/** What a writer of the lake asks. */
export interface Room {
  /**
   * Waits until there is room for this many bytes, and sets it aside. @returns gives it back, once what was written is written
   * @param orRefuse for what others must not wait behind: where it does not fit once everybody else is done, it is refused
   * @throws AbortError when the process is to stop before there is room; LAKE_TABLE_WITHOUT_ROOM for what is refused, and for
   * what is larger than the capacity
   */
  admit(bytes: number, orRefuse?: { readonly doing: string }): Promise<() => void>;
  /** Whether it would fit once everybody else is done, as far as is known. */
  fits(bytes: number): boolean;
}

/** A lake without a capacity. */
export const NO_CAPACITY: Room = { admit: () => Promise.resolve(() => undefined), fits: () => true };

export interface CapacityFacts {
  readonly ledger: CapacityLedger;
  /** Share of the capacity from which on it is told that the lake gets full. */
  readonly warnAtRatio: number;
  /** The most that somebody waits for; 0 where nobody waits. */
  readonly wantedBytes: number;
  /** Why the last listings failed, where that was so for too long. */
  readonly unknown: PlatformError | null;
}

export function capacityState({ ledger, warnAtRatio, wantedBytes, unknown }: CapacityFacts): CapacityState {
  const { usedBytes, maxBytes } = ledger;
  if (unknown !== null) return { kind: 'refused', usedBytes, error: unknown };
  if (!ledger.fits(wantedBytes)) return { kind: 'refused', usedBytes, error: exceeded(ledger, wantedBytes) };
  return { kind: usedBytes >= warnAtRatio * maxBytes ? 'warn' : 'room', usedBytes };
}

/** @param wantedBytes what was to be written @param upToBytes what of the capacity that may fill */
export function exceeded(
  { usedBytes, maxBytes }: Pick<CapacityLedger, 'usedBytes' | 'maxBytes'>,
  wantedBytes: number,
  doing = 'writing to the lake',
  upToBytes = maxBytes,
): PlatformError {
  const overBytes = usedBytes + wantedBytes - upToBytes;
  const limit = upToBytes === maxBytes ? '' : `, of which that may fill ${upToBytes}`;
  const wants = wantedBytes === 0 ? limit : `${limit}, and ${wantedBytes} more were to be written`;
  return new PlatformError('LAKE_CAPACITY_EXCEEDED', {
    doing,
    why: `its objects have ${usedBytes} bytes of ${maxBytes}${wants}: ${overBytes} too many`,
    context: { usedBytes, capacityBytes: maxBytes, wantedBytes, overBytes },
  });
}

/** What one table wants at once, and cannot have. */
export function withoutRoom(
  { usedBytes, maxBytes }: Pick<CapacityLedger, 'usedBytes' | 'maxBytes'>,
  wantedBytes: number,
  doing = 'writing one flush to the lake',
): PlatformError {
  return new PlatformError('LAKE_TABLE_WITHOUT_ROOM', {
    doing,
    why: `that writes ${wantedBytes} bytes, and the lake has ${usedBytes} of ${maxBytes} already`,
    context: { usedBytes, capacityBytes: maxBytes, wantedBytes },
  });
}
