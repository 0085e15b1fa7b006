import { PlatformError } from '@hasivu/errors';
import type { LakeStore } from '../lake-store.ts';
import { followAccessLog, type AccessLogCounts, type AccessLogPlace } from './access-log.ts';
import type { AccessLogRule } from './access-log-line.ts';
import { decodeAccessMemory, encodeAccessMemory, type AccessMemory } from './access-memory.ts';
import { ReadTimes } from './read-times.ts';

/** Beside the layers of the lake, where no table is. */
const MEMORY_KEY = '_access/last-read.zst';
/**
 * A log comes within hours, and what looks after the lake is in it itself: one that says nothing for so long is switched
 * off or looked for in the wrong place, and files that are in use would seem unread.
 */
const SILENT_MS = 3 * 86_400_000;

export interface AccessEvidenceOptions {
  /** The lake, which keeps what is remembered of the log. */
  readonly lake: Pick<LakeStore, 'get' | 'put'>;
  readonly log: AccessLogPlace;
  /** Names the log: of another one nothing is remembered. */
  readonly source: string;
  readonly rule: AccessLogRule;
  /** Reads of longer ago make no difference: the age at which a file is as cold as it can be. */
  readonly horizonMs: number;
  readonly nowMs: () => number;
}

export interface EvidenceLook {
  readonly counts: AccessLogCounts;
  /** Files of which a read is known. */
  readonly files: number;
  /** Newest object of the log that was read, milliseconds since 1970; null where there is none. */
  readonly readToMs: number | null;
  /** Before everything that is new was read. */
  readonly stopped: boolean;
}

/** When data files were last read, by the access log of their bucket. */
export class AccessEvidence {
  readonly #options: AccessEvidenceOptions;
  #memory: AccessMemory | null = null;

  constructor(options: AccessEvidenceOptions) {
    this.#options = options;
  }

  /**
   * Reads on in the log.
   * @param keeps whether what is known then is stored, so that the next process need not read it again
   * @throws STORE_*
   */
  async look({
    keeps,
    signal,
    onObject,
  }: {
    readonly keeps: boolean;
    readonly signal?: AbortSignal | undefined;
    readonly onObject?: (() => void) | undefined;
  }): Promise<EvidenceLook> {
    const { lake, log, rule, horizonMs, nowMs } = this.#options;
    const known = (this.#memory ??= await this.#remembered());
    const sinceMs = nowMs() - Math.max(horizonMs, SILENT_MS);
    const { memory, counts, stopped } = await followAccessLog(log, known, {
      rule,
      sinceMs,
      signal,
      onObject,
    });
    memory.times.forgetBefore(nowMs() - horizonMs);
    this.#memory = memory;
    if (keeps && !stopped) await lake.put(MEMORY_KEY, await encodeAccessMemory(memory));
    return { counts, files: memory.times.files, readToMs: memory.readToMs, stopped };
  }

  /** Why nothing follows from what {@link look} has found: LAKE_ACCESS_LOG_SILENT; null for a log that tells. */
  silence(): PlatformError | null {
    const { log, nowMs } = this.#options;
    const readToMs = this.#memory?.readToMs ?? null;
    if (readToMs !== null && nowMs() - readToMs <= SILENT_MS) return null;
    const newest = readToMs === null ? null : new Date(readToMs).toISOString();
    return new PlatformError('LAKE_ACCESS_LOG_SILENT', {
      doing: `looking in the access log "${log.prefix}" for files that are in use`,
      why:
        newest === null
          ? 'there is nothing under this prefix that is new enough'
          : `its newest object is of ${newest}`,
      context: { prefix: log.prefix, newest: newest ?? 'none' },
    });
  }

  /** Of an object of the lake, as far as {@link look} has come. */
  lastReadMs(key: string): number | null {
    return this.#memory?.times.lastReadMs(key) ?? null;
  }

  async #remembered(): Promise<AccessMemory> {
    const { lake, source } = this.#options;
    const stored = await lake.get(MEMORY_KEY);
    const known = stored === null ? null : await decodeAccessMemory(stored, source);
    return known ?? { source, readToMs: null, times: new ReadTimes() };
  }
}
