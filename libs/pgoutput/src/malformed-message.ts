import { PlatformError } from '@hasivu/errors';

/** The stream does not follow the protocol: nothing after it can be trusted, so the process starts over. */
export function malformedMessage(why: string): PlatformError {
  return new PlatformError('SOURCE_PROTOCOL', { doing: 'reading the replication stream', why });
}
