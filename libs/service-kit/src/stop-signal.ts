/** Why a process was asked to stop. */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'supervisor gone';

export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts on the first SIGTERM or SIGINT and, under a supervisor, when the pipe on stdin closes: a supervisor that was
 * killed can't say stop, and a service left behind would hold its slot and its topics.
 */
export function listenForStop(supervised: boolean, onStop: (reason: StopReason) => void): StopSignal {
  const controller = new AbortController();
  const stop = (reason: StopReason): void => {
    if (controller.signal.aborted) return;
    onStop(reason);
    controller.abort(reason);
  };
  const onTerm = (): void => stop('SIGTERM');
  const onInt = (): void => stop('SIGINT');
  const onGone = (): void => stop('supervisor gone');
  process.on('SIGTERM', onTerm);
  process.on('SIGINT', onInt);
  if (supervised) {
    process.stdin.on('end', onGone).on('error', onGone).resume();
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGTERM', onTerm);
      process.off('SIGINT', onInt);
      if (supervised) process.stdin.off('end', onGone).off('error', onGone).pause();
    },
  };
}
