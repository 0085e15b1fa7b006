import { PlatformError } from '@hasivu/errors';
import type { SlotState } from '@hasivu/postgres';

import { inMegabytes } from '../core/retained-log.ts';

/** The error of a slot that is dropped for the sake of the server's disk. */
export function logBoundError(slot: string, state: SlotState, maxBytes: number | undefined): PlatformError {
  const retainedBytes = state.retainedBytes ?? 0;
  return new PlatformError('SOURCE_LOG_BOUND', {
    doing: `watching the replication slot "${slot}"`,
    why: `the slot held back ${inMegabytes(retainedBytes)} of log, more than retainedLog.maxBytes (${inMegabytes(maxBytes ?? 0)}), and was dropped`,
    context: { slot, retainedBytes, maxBytes },
  });
}
