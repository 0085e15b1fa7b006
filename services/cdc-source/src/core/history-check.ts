import { formatLsn, toLsn, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import { publishedThrough, type Progress } from './progress-record.ts';

/** The server that answers now. */
export interface ServerHistory {
  readonly systemId: string;
  readonly timeline: number;
  readonly endLsn: Lsn;
  /** Where each earlier timeline was left. */
  readonly history: readonly { readonly timeline: number; readonly endLsn: Lsn }[];
}

const DOING = "comparing the server's history with the last progress";

/** @throws PlatformError SOURCE_SYSTEM_CHANGED */
export function checkSystem(progress: Progress, server: ServerHistory): void {
  const { origin } = progress;
  if (!origin || origin.systemId === server.systemId) return;
  throw new PlatformError('SOURCE_SYSTEM_CHANGED', {
    doing: DOING,
    why: `system identifier ${server.systemId} in the place of ${origin.systemId}; published up to ${formatLsn(publishedThrough(progress))}, the log of this server ends at ${formatLsn(server.endLsn)}`,
  });
}

/** A server on an older timeline than ours was a primary before, and came back without becoming a standby of the new one. */
export function isFormerPrimary({ origin }: Progress, server: ServerHistory): boolean {
  return server.timeline !== 0 && (origin?.timeline ?? 0) > server.timeline;
}

/** What of the progress holds on the server that answers now. */
export type SharedProgress = Pick<Progress, 'position' | 'confirmLsn'>;

/**
 * The progress as far as the server's history goes along with it, or the error that says which published changes it lacks.
 * A promoted standby shares the log up to its promotion: whatever was published before is there, and the stream goes on
 * from no later than that, because behind it the same positions mean other changes. What was not published, a position
 * without events or a change of a table that is not captured, is no loss.
 */
export function sharedHistory(progress: Progress, server: ServerHistory): SharedProgress | PlatformError {
  const published = publishedThrough(progress);
  const before = progress.origin?.timeline ?? 0;
  if (before === 0 || before === server.timeline) {
    // Same timeline and yet too short: the files of the server were put back to an earlier state.
    if (server.endLsn > published) return upTo(progress, server.endLsn);
    return diverged(
      `the log of this server ends at ${formatLsn(server.endLsn)}, but changes up to ${formatLsn(published)} are published`,
    );
  }
  const branch = server.history.find(({ timeline }) => timeline === before);
  if (branch && branch.endLsn > published) return upTo(progress, branch.endLsn);
  if (isFormerPrimary(progress, server)) {
    return diverged(
      `it is on timeline ${server.timeline}, which was left for timeline ${before}: a former primary that came back`,
    );
  }
  const where = branch
    ? `leaves timeline ${before} at ${formatLsn(branch.endLsn)}`
    : `never was on timeline ${before}`;
  return diverged(
    `timeline ${server.timeline} of this server ${where}, but changes up to ${formatLsn(published)} are published`,
  );
}

/** @param endLsn first byte that is not shared */
function upTo({ position, confirmLsn }: Progress, endLsn: Lsn): SharedProgress {
  return {
    // The last byte that is shared: only a logical message can have it as its position, and its number is 0.
    position: position.commitLsn < endLsn ? position : { commitLsn: toLsn(endLsn - 1n), seq: 0 },
    confirmLsn: confirmLsn < endLsn ? confirmLsn : endLsn,
  };
}

function diverged(why: string): PlatformError {
  return new PlatformError('SOURCE_TIMELINE_DIVERGED', { doing: DOING, why });
}
