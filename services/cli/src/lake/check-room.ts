import type { HasivuConfig } from '@hasivu/config';
import { exceeded, measureUsage, type LakeStore } from '@hasivu/lake-engine';

/**
 * Whether the lake has room for files that are written beside those that they replace, which stay until a vacuum. Nothing
 * is listed where the lake has no capacity.
 * @throws LAKE_CAPACITY_EXCEEDED, STORE_*
 */
export async function checkRoom(
  { lake }: HasivuConfig,
  store: Pick<LakeStore, 'list'>,
  bytes: number,
  work: { readonly doing: string; readonly signal: AbortSignal },
): Promise<void> {
  const maxBytes = lake?.capacity?.maxBytes;
  if (maxBytes === undefined || bytes === 0) return;
  const usage = await measureUsage(store, { signal: work.signal });
  const usedBytes = usage.total.bytes;
  if (usedBytes + bytes > maxBytes) throw exceeded({ usedBytes, maxBytes }, bytes, work.doing);
}
