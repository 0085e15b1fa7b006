import { MemoryStore } from '../../object-store/src/index.ts';
import type { DeltaSurroundings, LogObject } from '../src/index.ts';

/** A store whose clock is set by the test, and which can die: after `diesAfter` more deletions each one throws. */
export class ClockedStore extends MemoryStore {
  nowMs = 1_790_000_000_000;
  diesAfter = Infinity;
  readonly #times = new Map<string, number>();

  override async put(key: string, body: Uint8Array): Promise<void> {
    await super.put(key, body);
    this.#times.set(key, this.nowMs);
  }

  override async putIfAbsent(key: string, body: Uint8Array): Promise<boolean> {
    const stored = await super.putIfAbsent(key, body);
    if (stored) this.#times.set(key, this.nowMs);
    return stored;
  }

  override async *list(prefix: string, startAfter?: string): AsyncIterable<LogObject> {
    for await (const entry of super.list(prefix, startAfter))
      yield { ...entry, modifiedMs: this.#times.get(entry.key) ?? entry.modifiedMs };
  }

  override async delete(key: string): Promise<void> {
    if (this.diesAfter <= 0) throw new Error('the process is dead');
    this.diesAfter -= 1;
    await super.delete(key);
  }

  /** Every key under the prefix, in order. */
  async keys(prefix = ''): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.list(prefix)) keys.push(key);
    return keys;
  }

  /** Surroundings whose clock is this store's. */
  around(): DeltaSurroundings {
    let names = 0;
    return {
      store: this,
      nowMs: () => this.nowMs,
      newId: () => `id-${(names += 1)}-${Math.random().toString(36).slice(2)}`,
    };
  }
}
