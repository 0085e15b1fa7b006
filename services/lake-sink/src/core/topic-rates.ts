/** Rates of shorter times say little. */
const LEAST_MS = 5_000;
/** What waits is to be read in so long. */
const CATCH_UP_SECONDS = 60;

interface Sample {
  readonly read: number;
  readonly atMs: number;
  readonly perSecond: number | null;
}

/** How much work each topic makes: records a second, those that wait included. */
export class TopicRates {
  readonly #nowMs: () => number;
  readonly #samples = new Map<string, Sample>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @param read records since the topic was opened @param waiting records that are there to be read @returns null at first */
  weigh(topic: string, read: number, waiting: number): number | null {
    const now = { read, atMs: this.#nowMs() };
    const last = this.#samples.get(topic);
    // With fewer than before, the topic was opened anew.
    if (last === undefined || read < last.read) this.#samples.set(topic, { ...now, perSecond: null });
    else if (now.atMs - last.atMs >= LEAST_MS) {
      const perSecond = ((read - last.read) * 1_000) / (now.atMs - last.atMs);
      this.#samples.set(topic, { ...now, perSecond });
    }
    const perSecond = this.#samples.get(topic)?.perSecond ?? null;
    if (perSecond === null) return null;
    return Math.round((perSecond + waiting / CATCH_UP_SECONDS) * 10) / 10;
  }
}
