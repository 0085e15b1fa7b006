import type { LakeStore } from '../maintenance/lake-store.ts';
import { UsageTally } from './core/usage-tally.ts';

/** As many keys as an answer to a listing has. */
const PAGE = 1_000;

export interface MeasureOptions {
  /** Called after each page of the listing. */
  readonly onPage?: () => void;
  readonly signal?: AbortSignal;
}

/**
 * Sums of all objects under the store's prefix, by a listing: one request for each thousand of them. Versions that a
 * bucket keeps of replaced objects, and parts of uploads that nobody ended, are in no listing.
 * @throws STORE_*; AbortError
 */
export async function measureUsage(
  store: Pick<LakeStore, 'list'>,
  { onPage, signal }: MeasureOptions = {},
): Promise<UsageTally> {
  const tally = new UsageTally();
  let listed = 0;
  for await (const { key, sizeBytes } of store.list('')) {
    tally.add(key, sizeBytes);
    listed += 1;
    if (listed % PAGE !== 0) continue;
    if (signal?.aborted === true) throw new DOMException('stopped while listing the lake', 'AbortError');
    onPage?.();
  }
  return tally;
}
