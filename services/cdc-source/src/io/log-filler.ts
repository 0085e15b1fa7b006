import { formatLsn, parseLsn, type Lsn } from '@hasivu/change-events';

import { checkSystem, isFormerPrimary, type ServerHistory } from '../core/history-check.ts';
import { publishedThrough, type Progress } from '../core/progress-record.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { PreparedSource } from './source-checks.ts';

const CHUNK_BYTES = 8 * 1024 * 1024;
/** More than this apart, the server is hardly one whose standby we read: a person has to look. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * A promoted server may have a shorter log than what was published before. Copies repair that only from a later position,
 * because readers keep the newest: where they are asked for, the log is moved on with messages that nobody reads. Returns
 * the server's history with its end as it is then.
 */
export async function fillLogBeyond(
  { settings, logger }: SourceDependencies,
  { session, server, history }: PreparedSource,
  progress: Progress | null,
): Promise<ServerHistory> {
  if (!progress || server.inRecovery || settings.postgres.onLostSlot === 'stop') return history;
  const published = publishedThrough(progress);
  checkSystem(progress, history);
  const missing = published - history.endLsn;
  if (missing < 0n || missing > MAX_BYTES || isFormerPrimary(progress, history)) return history;
  let endLsn: Lsn = history.endLsn;
  while (endLsn <= published) {
    const rest = Number(published - endLsn) + 1;
    const { lsn } = await session.one<{ lsn: string }>(
      'moving the log beyond what was published',
      "SELECT pg_logical_emit_message(false, 'hasivu.filler', repeat('x', $1))::text AS lsn",
      [Math.min(rest, CHUNK_BYTES)],
    );
    endLsn = parseLsn(lsn);
  }
  logger.warn(
    { from: formatLsn(history.endLsn), to: formatLsn(endLsn) },
    'the log of the server ended before what was published, and was moved on so that copies come behind it',
  );
  return { ...history, endLsn };
}
