import { quoteLiteral } from './sql-quote.ts';

const FLUSHES_SINCE = 170000;

/**
 * The statement that writes a message into the log at once, in no transaction. Before version 17 the server flushes it
 * within its `wal_writer_delay`.
 */
export function emitMessageSql(prefix: string, content: string, serverVersion: number): string {
  const flush = serverVersion >= FLUSHES_SINCE ? ', true' : '';
  return `SELECT pg_logical_emit_message(false, ${quoteLiteral(prefix)}, ${quoteLiteral(content)}${flush})`;
}
