export { binaryColumnOf, type BinaryColumn } from './binary-column.ts';
export { EXACT, INEXACT, UNREPRESENTABLE, type ColumnEncoder, type EncodeOutcome } from './column-encoder.ts';
export { BUILT_IN_TYPES, mapColumnType, describePgType, type DeclaredColumn } from './column-mapping.ts';
export { copyHeaderBytes, isCopyTrailer } from './copy-binary.ts';
export { DOCUMENTED_TYPES, type DocumentedType } from './documented-types.ts';
export { parseLogical, type LogicalMessage } from './logical-message.ts';
export { mapDeclaration } from './map-declaration.ts';
export { malformedMessage } from './malformed-message.ts';
export { MESSAGE, TUPLE } from './message-tag.ts';
export { int32At } from './int32-at.ts';
export type { PgType, TypeLookup } from './pg-type.ts';
export {
  parseRelation,
  replicaIdentityOf,
  type RelationColumn,
  type RelationMessage,
  type ReplicaIdentity,
} from './relation-message.ts';
export { SESSION_SETTINGS } from './session-settings.ts';
export {
  parseBeginPrepare,
  parseCommitPrepared,
  parseStreamCommit,
  parseStreamPrepare,
  rolledBackXid,
  STREAM_MESSAGE,
  type LateCommit,
  type PrepareMessage,
} from './stream-message.ts';
export { textEncoderFor } from './text-encoder.ts';
export {
  parseBegin,
  parseCommit,
  parseTruncate,
  serverTimeMs,
  type BeginMessage,
  type CommitMessage,
} from './transaction-message.ts';
export { SPAN_NULL, SPAN_UNCHANGED, TupleSpans } from './tuple-spans.ts';
export { unknownBinary } from './unknown-binary.ts';
