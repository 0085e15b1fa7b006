import { isPlatformError } from '@hasivu/errors';
import type { AccessEvidence, LastRead } from '@hasivu/lake-engine';
import type { ServiceContext } from '@hasivu/service-kit';
import type { KeeperMetrics } from '../metrics.ts';

/** All tables of a round go by one look; a log that cannot be read is not asked again before. */
const LOOK_EVERY_MS = 600_000;

export interface TierEvidenceOptions {
  readonly evidence: Pick<AccessEvidence, 'look' | 'silence' | 'lastReadMs'>;
  readonly metrics: KeeperMetrics;
  readonly nowMs: () => number;
  readonly context: Pick<ServiceContext, 'logger' | 'countError' | 'alive'>;
  readonly signal: AbortSignal;
}

/** What tells when files were last read, as new as the tiers need it. */
export class TierEvidence {
  readonly #options: TierEvidenceOptions;
  #lookedMs = -Infinity;
  #isKnown = false;
  #looking: Promise<void> | null = null;

  constructor(options: TierEvidenceOptions) {
    this.#options = options;
  }

  /** Null where the log cannot be read or is silent: without it files that are in use would be moved to where reading is dear. */
  async lastRead(): Promise<LastRead | null> {
    const { evidence, nowMs } = this.#options;
    if (nowMs() - this.#lookedMs >= LOOK_EVERY_MS)
      this.#looking ??= this.#look().finally(() => (this.#looking = null));
    await this.#looking;
    return this.#isKnown ? (key) => evidence.lastReadMs(key) : null;
  }

  async #look(): Promise<void> {
    const { evidence, metrics, nowMs, context, signal } = this.#options;
    try {
      const look = await evidence.look({ keeps: true, signal, onObject: () => context.alive() });
      for (const kind of ['reads', 'ignored', 'other', 'malformed'] as const)
        metrics.accessLogLines.inc({ kind }, look.counts[kind]);
      metrics.accessLogFiles.set(look.files);
      const { readToMs, files, counts } = look;
      context.logger.info({ readToMs, files, ...counts }, 'the access log was followed');
      const silence = look.stopped ? null : evidence.silence();
      if (silence !== null) throw silence;
      this.#isKnown = !look.stopped;
    } catch (error) {
      if (!isPlatformError(error)) throw error;
      this.#isKnown = false;
      context.countError(error);
      context.logger.warn(
        { code: error.code, ...error.context },
        `no file is moved to another tier meanwhile: ${error.message}`,
      );
    } finally {
      this.#lookedMs = nowMs();
    }
  }
}
