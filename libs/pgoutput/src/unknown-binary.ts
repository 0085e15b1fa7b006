import { PlatformError } from '@hasivu/errors';

/** Refuses a value in a binary form that is not known: the stream has to begin again in text. */
export function unknownBinary(what: string): never {
  throw new PlatformError('SOURCE_BINARY_UNKNOWN', { doing: 'reading the replication stream', why: what });
}
