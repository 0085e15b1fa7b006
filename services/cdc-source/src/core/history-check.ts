import { formatLsn, type Lsn } from '@hasivu/change-events';
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

/**
 * The position up to which the server's history holds what was published, or the error that says what it lacks. A
 * promoted standby shares the log up to its promotion: whatever was published before is there, and the stream goes on
 * from no later than that, because behind it the same positions mean other changes.
 */
export function sharedHistory(progress: Progress, server: ServerHistory): Lsn | PlatformError {
  const published = publishedThrough(progress);
  const before = progress.origin?.timeline ?? 0;
  if (before !== 0 && before !== server.timeline) {
    const branch = server.history.find(({ timeline }) => timeline === before);
    if (!branch || branch.endLsn <= published) {
      const where = branch
        ? `leaves timeline ${before} at ${formatLsn(branch.endLsn)}`
        : `never was on timeline ${before}`;
      return diverged(
        `timeline ${server.timeline} of this server ${where}, but changes up to ${formatLsn(published)} are published`,
      );
    }
    return branch.endLsn < progress.confirmLsn ? branch.endLsn : progress.confirmLsn;
  }
  // Same timeline and yet too short: the files of the server were put back to an earlier state.
  if (server.endLsn < published) {
    return diverged(
      `the log of this server ends at ${formatLsn(server.endLsn)}, but changes up to ${formatLsn(published)} are published`,
    );
  }
  return progress.confirmLsn;
}

function diverged(why: string): PlatformError {
  return new PlatformError('SOURCE_TIMELINE_DIVERGED', { doing: DOING, why });
}
