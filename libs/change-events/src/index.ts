export { AvroBuffer } from './avro-buffer.ts';
export { avroTypeOf, columnOf, columnTypeOf, keyFields, rowFields } from './avro-column.ts';
export { AvroCursor } from './avro-cursor.ts';
export { AvroDecodeError } from './avro-decode-error.ts';
export { avroFieldNames, avroName } from './avro-name.ts';
export type { AvroField, AvroObject, AvroSchema } from './avro-schema.ts';
export {
  eachItem,
  readColumn,
  readValue,
  skipColumn,
  skipValue,
  unscaledDecimal,
  type ColumnValue,
} from './column-reader.ts';
export {
  describeColumnType,
  MAX_DECIMAL_PRECISION,
  sameColumnType,
  type ColumnSchema,
  type ColumnType,
  type ScalarKind,
  type TableSchema,
} from './column-type.ts';
export { writeColumn, writeUnscaled, writeValue } from './column-writer.ts';
export { keyLayoutOf, layoutOf, type EnvelopeLayout, type KeyLayout } from './envelope-layout.ts';
export { EnvelopeReader } from './envelope-reader.ts';
export {
  ENVELOPE_FIELDS,
  envelopeSchema,
  keyRecordSchema,
  keySchema,
  namespaceOf,
  SOURCE_FIELDS,
  tableNamespace,
  UNAVAILABLE_VALUE,
  valueSchema,
} from './envelope-schema.ts';
export { decimalText } from './decimal-text.ts';
export { initialValueOf, isInitialValue, type InitialValue } from './initial-value.ts';
export { MESSAGE_KEY_SCHEMA, MESSAGE_VALUE_SCHEMA } from './message-schema.ts';
export { KeyAliases, mayBeAt, type FormerKeyColumn } from './key-aliases.ts';
export { KeyFrame } from './key-frame.ts';
export { murmur2, partitionOf } from './murmur2.ts';
export { comparePositions, formatLsn, parseLsn, toLsn, type Lsn, type Position } from './position.ts';
export { SourceBlockWriter, type SourceIdentity, type SourceMoment } from './source-block.ts';
export { topicNames, topicPart, type TopicNames } from './topic-names.ts';
export { TRANSACTION_KEY_SCHEMA, TRANSACTION_VALUE_SCHEMA } from './transaction-schema.ts';
export { schemaIdOf, WIRE_HEADER_BYTES, wireHeader } from './wire-header.ts';
