import type { LogStore } from '@hasivu/delta';

const LOG_FILE = /\/_delta_log\/(\d{20})\.[^/]*$/;
const LAST_CHECKPOINT = /\/_delta_log\/_last_checkpoint$/;

/** A log that ends at a version: what came later is not seen, so the table opens as it was then. Read-only. */
export function logUpToVersion(store: LogStore, version: number): LogStore {
  const visible = (key: string): boolean => {
    const match = LOG_FILE.exec(key);
    return match ? Number(match[1]) <= version : !LAST_CHECKPOINT.test(key);
  };
  const refuse = (): Promise<never> =>
    Promise.reject(new TypeError('a table read as of a version cannot be written'));
  return {
    get: (key) => (visible(key) ? store.get(key) : Promise.resolve(null)),
    put: refuse,
    putIfAbsent: refuse,
    async *list(prefix, startAfter) {
      for await (const entry of store.list(prefix, startAfter)) if (visible(entry.key)) yield entry;
    },
  };
}
