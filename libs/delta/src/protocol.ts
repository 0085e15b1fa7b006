import { PlatformError } from '@hasivu/errors';
import type { Protocol } from './actions.ts';
import { CHECK_PREFIX, generationExpression } from './constraints.ts';
import { allFields, mappingMode } from './column-mapping/mapping-property.ts';
import { LEGACY_FEATURES, writerFeaturesOf } from './protocol-features.ts';
import { usesTimestampNtz, type DeltaStruct } from './schema.ts';

/** What every engine reads and writes; writer version 2 obliges us to respect appendOnly and column invariants. */
export const PLAIN_PROTOCOL: Protocol = { minReaderVersion: 1, minWriterVersion: 2 };

const READER_FEATURES = new Set(['timestampNtz', 'deletionVectors', 'columnMapping', 'vacuumProtocolCheck']);
const WRITER_FEATURES = new Set([
  ...READER_FEATURES,
  ...LEGACY_FEATURES,
  'changeDataFeed',
  // What a table declares by these, its writers have to enforce: see check-constraints.ts.
  'checkConstraints',
  'generatedColumns',
  // Of rows that come without a column's value; whoever has a value for every column need not know.
  'allowColumnDefaults',
]);

/** Table property: rows may be taken out of files by deletion vectors. */
export const VECTORS_PROPERTY = 'delta.enableDeletionVectors';
/** Table property: commits keep the rows that they change, for readers of the change data feed. */
export const CHANGE_FEED_PROPERTY = 'delta.enableChangeDataFeed';

type Configuration = Readonly<Record<string, string>>;

/** The lowest protocol that a table of this schema and configuration can be stored under. */
export function protocolFor(schema: DeltaStruct, configuration: Configuration = {}): Protocol {
  return protocolWith(schema, configuration, expressionsOf(schema).size > 0);
}

function protocolWith(schema: DeltaStruct, configuration: Configuration, isGenerated: boolean): Protocol {
  const reader: string[] = [];
  if (usesTimestampNtz(schema)) reader.push('timestampNtz');
  if (configuration[VECTORS_PROPERTY] === 'true') reader.push('deletionVectors');
  if (mappingMode(configuration) !== 'none') reader.push('columnMapping');
  const writer = [...reader];
  if (configuration[CHANGE_FEED_PROPERTY] === 'true') writer.push('changeDataFeed');
  if (Object.keys(configuration).some((key) => key.startsWith(CHECK_PREFIX))) writer.push('checkConstraints');
  if (isGenerated) writer.push('generatedColumns');
  if (writer.length === 0) return PLAIN_PROTOCOL;
  return named(1, reader, [...LEGACY_FEATURES, ...writer]);
}

/** How many columns are computed by each expression. */
function expressionsOf(schema: DeltaStruct): Map<string, number> {
  const counts = new Map<string, number>();
  for (const own of allFields(schema)) {
    const expression = generationExpression(own);
    if (expression !== null) counts.set(expression, (counts.get(expression) ?? 0) + 1);
  }
  return counts;
}

/**
 * The protocol that covers both, or null when the current one already does.
 * @param before the schema of the table now: what its protocol does not know to be generated stays that
 */
export function upgradedProtocol(
  current: Protocol,
  schema: DeltaStruct,
  configuration: Configuration = {},
  before: DeltaStruct | null = null,
): Protocol | null {
  const known = before === null ? null : expressionsOf(before);
  const isGenerated = [...expressionsOf(schema)].some(([text, count]) => count > (known?.get(text) ?? 0));
  const wanted = protocolWith(schema, configuration, isGenerated);
  if (wanted === PLAIN_PROTOCOL) return null;
  const readable = readerFeaturesOf(current);
  const reader = union(readable, wanted.readerFeatures ?? []);
  const writable = writerFeaturesOf(current);
  const writer = union(writable, wanted.writerFeatures ?? []);
  if (reader.length === readable.length && writer.length === writable.length) return null;
  return named(current.minReaderVersion, reader, writer);
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
  const unknown = writerFeaturesOf(protocol).filter((name) => !WRITER_FEATURES.has(name));
  if (protocol.minWriterVersion > 7 || unknown.length > 0)
    throw unsupported('write', table, protocol, unknown);
}

/** The one feature that a reader version before 3 stands for. */
function readerFeaturesOf({ minReaderVersion, readerFeatures = [] }: Protocol): readonly string[] {
  return minReaderVersion === 2 ? ['columnMapping'] : readerFeatures;
}

/** Features that only writers mind leave the table to readers of version 1, which is all of them. */
function named(
  leastReader: number,
  readerFeatures: readonly string[],
  writerFeatures: readonly string[],
): Protocol {
  if (leastReader < 3 && readerFeatures.length === 0)
    return { minReaderVersion: leastReader, minWriterVersion: 7, writerFeatures };
  return { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures };
}

function union(left: readonly string[], right: readonly string[]): string[] {
  return [...new Set([...left, ...right])];
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
