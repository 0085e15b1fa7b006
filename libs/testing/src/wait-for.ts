import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Polls `condition` until it returns something other than null, undefined or false. An exception counts as "not yet"
 * and is told when time runs out.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  options: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== null && value !== undefined && value !== false) return value;
      last = undefined;
    } catch (cause) {
      last = cause;
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last });
    await sleep(POLL_MS);
  }
}
