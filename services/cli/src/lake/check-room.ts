import type { HasivuConfig } from '@hasivu/config';
import { exceeded, measureUsage, rewriteLimit, type LakeStore } from '@hasivu/lake-engine';

/**
 * Whether the lake has room for files that are written beside those that they replace, which stay until a vacuum: up to
 * `warnAtRatio` of its capacity, so that what comes in is not stopped for as long. Nothing is listed where the lake has no capacity.
 * @throws LAKE_CAPACITY_EXCEEDED, STORE_*
 */
export async function checkRoom(
  { lake }: HasivuConfig,
  store: Pick<LakeStore, 'list'>,
  bytes: number,
  work: { readonly doing: string; readonly signal: AbortSignal },
): Promise<void> {
  if (lake?.capacity?.maxBytes === undefined || bytes === 0) return;
  const { maxBytes, warnAtRatio } = lake.capacity;
  const usage = await measureUsage(store, { signal: work.signal });
  const usedBytes = usage.total.bytes;
  const limitBytes = rewriteLimit({ maxBytes, warnAtRatio });
  if (usedBytes + bytes > limitBytes) throw exceeded({ usedBytes, maxBytes }, bytes, work.doing, limitBytes);
}
