import type { SnapshotTable } from './follow-signal.ts';
import { withOutcomes, type SnapshotRequest, type SnapshotRequests } from './snapshot-requests.ts';

export interface RestoredRequests {
  readonly requests: SnapshotRequests;
  readonly refused: readonly { readonly request: SnapshotRequest; readonly reason: string }[];
}

/** Ends what an earlier life was asked for and this one cannot do, or may not any more: its tables are others. */
export function restoredRequests(
  requests: SnapshotRequests,
  tables: readonly SnapshotTable[],
  nowMs: number,
): RestoredRequests {
  const refusals = new Map(tables.map(({ name, refusal }) => [name, refusal]));
  const reasonOf = ({ table }: SnapshotRequest): string | null =>
    refusals.has(table) ? (refusals.get(table) ?? null) : 'it is no longer captured';
  const refused = requests.queue.flatMap((request) => {
    const reason = reasonOf(request);
    return reason === null ? [] : [{ request, reason }];
  });
  if (refused.length === 0) return { requests, refused };
  let next: SnapshotRequests = {
    ...requests,
    queue: requests.queue.filter((request) => reasonOf(request) === null),
  };
  for (const { request, reason } of refused)
    next = withOutcomes(next, request, {
      result: 'failed',
      code: 'SOURCE_SIGNAL_INVALID',
      reason,
      atMs: nowMs,
    });
  return { requests: next, refused };
}
