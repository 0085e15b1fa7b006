import type { PlatformError } from '@hasivu/errors';

/** Connection trouble, a server that starts or stops, a lock conflict: the same statement may succeed later. */
export function isTransient(error: PlatformError): boolean {
  const { sqlState } = error.context;
  // The server's words can hold a part of a condition, so its code decides where there is one.
  if (typeof sqlState === 'string') return /^(08|40|53|57P)/.test(sqlState);
  return error.retry === 'timed';
}

/** The server ended a statement that took too long. */
export function isStatementTimeout(error: unknown): boolean {
  return (error as Partial<PlatformError>).context?.['sqlState'] === '57014';
}
