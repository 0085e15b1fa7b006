import type { RetryPolicy } from './error-entry.ts';
import { ERROR_REGISTRY, type ErrorCode } from './registry.ts';

/** Structured facts about a failure. Names, positions and limits only: never a row's value or a secret. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

/** Options of a {@link PlatformError}: `doing` completes the sentence "while …". */
export interface PlatformErrorOptions {
  readonly doing: string;
  readonly why?: string;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/** The one operational error: what was being done, to what, why it failed, and what to do about it. */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;
  readonly doing: string;
  readonly why: string;
  override readonly name = 'PlatformError';

  constructor(code: ErrorCode, options: PlatformErrorOptions) {
    const entry = ERROR_REGISTRY[code];
    const why = options.why ?? entry.summary;
    super(
      `${code} while ${options.doing}: ${why}. ${entry.remedy}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.doing = options.doing;
    this.why = why;
    this.context = options.context ?? {};
  }

  get retry(): RetryPolicy {
    return ERROR_REGISTRY[this.code].retry;
  }

  get remedy(): string {
    return ERROR_REGISTRY[this.code].remedy;
  }
}

export function isPlatformError(error: unknown): error is PlatformError {
  return error instanceof PlatformError;
}
