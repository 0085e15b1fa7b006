import { MemoryStore } from '../../object-store/src/index.ts';
import type { DeltaSurroundings, LogStore } from '../src/index.ts';

/** A table's surroundings with a clock that stands still and names that count up. */
export function surroundings(store: LogStore = new MemoryStore()): DeltaSurroundings {
  let names = 0;
  return {
    store,
    nowMs: () => 1_790_000_000_000,
    newId: () => `id-${(names += 1)}-${Math.random().toString(36).slice(2)}`,
  };
}
