import { PlatformError } from '@hasivu/errors';

/** Bytes that are no deletion vector, or not the one that the log describes. */
export function corruptVector(why: string): PlatformError {
  return new PlatformError('LAKE_LOG_CORRUPT', { doing: 'reading a deletion vector', why });
}
