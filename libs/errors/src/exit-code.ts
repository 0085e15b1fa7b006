import { isPlatformError } from './platform-error.ts';

/** 0 done · 1 failed, a restart replays · 2 a person has to change something first · 130 interrupted. */
export const EXIT = { ok: 0, failed: 1, needsOperator: 2, interrupted: 130 } as const;

/** A supervisor restarts on 1 and must not on 2: the same start would fail the same way. */
export function exitCodeOf(error: unknown): number {
  const { needsOperator, failed } = EXIT;
  return isPlatformError(error) && (error.retry === 'manual' || error.retry === 'wait')
    ? needsOperator
    : failed;
}
