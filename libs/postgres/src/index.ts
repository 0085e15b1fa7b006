export { CatalogSession, type SqlValue } from './catalog-session.ts';
export { type PostgresTarget, type TlsFiles } from './connection-options.ts';
export { copyFormats, copyQuery, type CopyScope } from './copy-query.ts';
export { CopyReader } from './copy-reader.ts';
export { keyAfter, keyAmong, keyOrder, keyTexts, keyUpTo, type KeyText } from './key-condition.ts';
export { emitMessageSql } from './logical-message-sql.ts';
export { blockersOf, describeBlocker, type Blocker } from './lock-wait.ts';
export { checkPgoutputSupport, pgoutputOptions, type PgoutputChoices } from './pgoutput-options.ts';
export { mapPostgresError } from './postgres-error.ts';
export {
  addPublishedTables,
  addTablesSql,
  createPublication,
  filterBeyondIdentity,
  noteConditions,
  publicationState,
  republishTables,
  type Publication,
  type PublicationEntry,
  type PublishedTable,
  type TableName,
} from './publication.ts';
export {
  checkFailoverSupport,
  createSlot,
  dropSlot,
  makeFailoverSlot,
  slotState,
  tryLockSlot,
  type CreatedSlot,
  type SlotState,
} from './replication-slot.ts';
export { describeServers, serverList, type ServerList, type SessionAttrs } from './server-list.ts';
export { quoteIdentifier, quoteLiteral, quoteTable } from './sql-quote.ts';
export { ReplicationStream, STREAM, type StreamOptions } from './replication-stream.ts';
export { afterSnapshot, inSnapshot, onPages } from './row-condition.ts';
export { checkServer, type ServerFacts } from './server-facts.ts';
export {
  lockHolder,
  noticeDeadPeers,
  sessionOf,
  terminateSession,
  type ServerSession,
} from './server-session.ts';
export {
  identifySystem,
  parseTimelineHistory,
  type SystemIdentity,
  type TimelineBranch,
} from './system-identity.ts';
export {
  initialText,
  partitionInitials,
  tableByOid,
  tablesOfSchemas,
  type CatalogColumn,
  type CatalogTable,
} from './table-catalog.ts';
export { tableParts, type TablePart, type TableParts } from './table-parts.ts';
export { tableWriters, type TableWriters } from './table-writers.ts';
export { TypeCatalog } from './type-catalog.ts';
export { WireConnection } from './wire-connection.ts';
