/** The two wishes a person can utter with Ctrl-C. */
export interface Interrupts {
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP; the reason is the signal's name. */
  readonly stop: AbortSignal;
  /** Aborts on the second. */
  readonly kill: AbortSignal;
}

interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** First signal: finish in order. Second: end at once. `npm` and a terminal may both pass one Ctrl-C on: those count once. */
export function listenForInterrupts(
  source: SignalSource,
  now: () => number = () => performance.now(),
): Interrupts {
  const stop = new AbortController();
  const kill = new AbortController();
  let firstMs = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstMs = now();
      stop.abort(signal);
    } else if (now() - firstMs > SAME_KEYSTROKE_MS) {
      kill.abort(signal);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) source.on(signal, onSignal);
  return { stop: stop.signal, kill: kill.signal };
}

const SAME_KEYSTROKE_MS = 250;

/** Waits for the work, or throws an AbortError as soon as the signal aborts; the work itself goes on unobserved. */
export async function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const onAbort = (): void => interrupted.reject(new DOMException('interrupted', 'AbortError'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, interrupted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    interrupted.promise.catch(() => {});
    work.catch(() => {});
  }
}

/** Waits for the signal, and keeps the process alive meanwhile: a listener for a signal alone does not. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  try {
    await orInterrupted(new Promise<never>(() => {}), signal);
  } catch {
    return;
  } finally {
    clearInterval(alive);
  }
}
