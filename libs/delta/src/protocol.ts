import { PlatformError } from '@hasivu/errors';
import type { Protocol } from './actions.ts';
import { mappingMode } from './column-mapping/mapping-property.ts';
import { usesTimestampNtz, type DeltaStruct } from './schema.ts';

/** What every engine reads and writes; writer version 2 obliges us to respect appendOnly and column invariants. */
export const PLAIN_PROTOCOL: Protocol = { minReaderVersion: 1, minWriterVersion: 2 };

/** What a table of versions (1, 2) obliges its writers to, which has to be named from writer version 7 on. */
const LEGACY_FEATURES = ['appendOnly', 'invariants'];
const READER_FEATURES = new Set(['timestampNtz', 'deletionVectors', 'columnMapping', 'vacuumProtocolCheck']);
const WRITER_FEATURES = new Set([...READER_FEATURES, ...LEGACY_FEATURES]);

/** Table property: rows may be taken out of files by deletion vectors. */
export const VECTORS_PROPERTY = 'delta.enableDeletionVectors';

type Configuration = Readonly<Record<string, string>>;

/** The lowest protocol that a table of this schema and configuration can be stored under. */
export function protocolFor(schema: DeltaStruct, configuration: Configuration = {}): Protocol {
  const features: string[] = [];
  if (usesTimestampNtz(schema)) features.push('timestampNtz');
  if (configuration[VECTORS_PROPERTY] === 'true') features.push('deletionVectors');
  if (mappingMode(configuration) !== 'none') features.push('columnMapping');
  if (features.length === 0) return PLAIN_PROTOCOL;
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: features,
    writerFeatures: [...LEGACY_FEATURES, ...features],
  };
}

/** The protocol that covers both, or null when the current one already does. */
export function upgradedProtocol(
  current: Protocol,
  schema: DeltaStruct,
  configuration: Configuration = {},
): Protocol | null {
  const wanted = protocolFor(schema, configuration);
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
