const FIRST_MS = 60_000;
const LONGEST_MS = 3_600_000;

/** Tables that are left alone after an error: a minute at first, twice as long each time, an hour at most. */
export class SetAside {
  readonly #tables = new Map<string, { readonly untilMs: number; readonly waitMs: number }>();

  /** @returns how long the table is left alone, in milliseconds */
  add(root: string, nowMs: number): number {
    const before = this.#tables.get(root);
    const waitMs = before === undefined ? FIRST_MS : Math.min(LONGEST_MS, before.waitMs * 2);
    this.#tables.set(root, { untilMs: nowMs + waitMs, waitMs });
    return waitMs;
  }

  has(root: string, nowMs: number): boolean {
    const found = this.#tables.get(root);
    return found !== undefined && nowMs < found.untilMs;
  }

  /** The next error counts as the first again. */
  clear(root: string): void {
    this.#tables.delete(root);
  }

  count(nowMs: number): number {
    return [...this.#tables.values()].filter(({ untilMs }) => nowMs < untilMs).length;
  }
}
