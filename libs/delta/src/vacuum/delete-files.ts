import type { LogStore } from '../log-store.ts';
import type { GarbageFile } from './listed-garbage.ts';

/** Files deleted at once. */
const CONCURRENCY = 16;

/** Deletes the files as they are found, some at once. Yields how many are gone, after each group. */
export async function* deleteFiles(
  store: LogStore,
  root: string,
  files: AsyncIterable<GarbageFile>,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  let deleted = 0;
  let group: Promise<void>[] = [];
  const finish = async (): Promise<number> => {
    // Every request is waited for, also beside one that failed: nothing may go on in the background.
    const outcomes = await Promise.allSettled(group);
    group = [];
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') deleted += 1;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return deleted;
  };
  for await (const { path } of files) {
    signal?.throwIfAborted();
    group.push(store.delete(`${root}/${path}`));
    if (group.length === CONCURRENCY) yield await finish();
  }
  if (group.length > 0) yield await finish();
}
