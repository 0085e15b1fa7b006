import { PlatformError } from '@hasivu/errors';
import type { Protocol } from './actions.ts';
import { usesTimestampNtz, type DeltaStruct } from './schema.ts';

/** What every engine reads and writes; writer version 2 obliges us to respect appendOnly and column invariants. */
export const PLAIN_PROTOCOL: Protocol = { minReaderVersion: 1, minWriterVersion: 2 };

const NTZ_PROTOCOL: Protocol = {
  minReaderVersion: 3,
  minWriterVersion: 7,
  readerFeatures: ['timestampNtz'],
  writerFeatures: ['appendOnly', 'invariants', 'timestampNtz'],
};

const READER_FEATURES = new Set(['timestampNtz', 'vacuumProtocolCheck']);
const WRITER_FEATURES = new Set(['timestampNtz', 'appendOnly', 'invariants', 'vacuumProtocolCheck']);

/** The lowest protocol that the schema can be stored under. */
export function protocolFor(schema: DeltaStruct): Protocol {
  return usesTimestampNtz(schema) ? NTZ_PROTOCOL : PLAIN_PROTOCOL;
}

/** The protocol that covers both, or null when the current one already does. */
export function upgradedProtocol(current: Protocol, schema: DeltaStruct): Protocol | null {
  const wanted = protocolFor(schema);
  if (wanted.minReaderVersion < 3) return null;
  const reader = new Set([...(current.readerFeatures ?? []), ...(wanted.readerFeatures ?? [])]);
  const writer = new Set([...(current.writerFeatures ?? []), ...(wanted.writerFeatures ?? [])]);
  if (
    current.minReaderVersion === 3 &&
    reader.size === current.readerFeatures?.length &&
    writer.size === current.writerFeatures?.length
  )
    return null;
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: [...reader],
    writerFeatures: [...writer],
  };
}

/** @throws LAKE_PROTOCOL_UNSUPPORTED naming the feature */
export function checkReadable(protocol: Protocol, table: string): void {
  const unknown =
    protocol.minReaderVersion >= 3
      ? (protocol.readerFeatures ?? []).filter((name) => !READER_FEATURES.has(name))
      : [];
  if (protocol.minReaderVersion === 2) unknown.push('columnMapping');
  if (protocol.minReaderVersion > 3 || unknown.length > 0)
    throw unsupported('read', table, protocol, unknown);
}

/** @throws LAKE_PROTOCOL_UNSUPPORTED naming the feature */
export function checkWritable(protocol: Protocol, table: string): void {
  checkReadable(protocol, table);
  const unknown =
    protocol.minWriterVersion >= 7
      ? (protocol.writerFeatures ?? []).filter((name) => !WRITER_FEATURES.has(name))
      : [];
  if (
    protocol.minWriterVersion > 7 ||
    (protocol.minWriterVersion > 2 && protocol.minWriterVersion < 7) ||
    unknown.length > 0
  ) {
    throw unsupported('write', table, protocol, unknown);
  }
}

function unsupported(
  verb: string,
  table: string,
  protocol: Protocol,
  features: readonly string[],
): PlatformError {
  const versions = `reader ${protocol.minReaderVersion}, writer ${protocol.minWriterVersion}`;
  return new PlatformError('LAKE_PROTOCOL_UNSUPPORTED', {
    doing: `opening the table ${table} to ${verb} it`,
    why: features.length > 0 ? `it needs ${features.join(', ')} (${versions})` : `it needs ${versions}`,
    context: {
      table,
      minReaderVersion: protocol.minReaderVersion,
      minWriterVersion: protocol.minWriterVersion,
    },
  });
}
