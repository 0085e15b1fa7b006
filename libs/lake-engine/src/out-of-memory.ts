/** Whether a statement failed because it does not fit into the engine's memory. */
export function isOutOfMemory(error: unknown): boolean {
  return engineMessage(error).startsWith('Out of Memory Error');
}

/** Without `instanceof`: the native library's errors are not of the realm that a test runs in. */
export function engineMessage(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : '';
}
