import type { ConfigMistake } from './config-mistake.ts';
import type { PostgresConfig } from './postgres-section.ts';
import { capturedBy } from './table-pattern.ts';

/** Mistakes of an outbox that its shape alone does not show. */
export function outboxMistakes(postgres: PostgresConfig, path: string): ConfigMistake[] {
  const { outbox } = postgres;
  if (!outbox) return [];
  const mistakes: ConfigMistake[] = [];
  const at = (field: string, reason: string): void =>
    void mistakes.push({ path: `${path}/outbox/${field}`, reason });
  if (outbox.table === undefined && outbox.messagePrefix === undefined)
    at('table', 'is missing: name a table, a messagePrefix, or both');
  if (outbox.table !== undefined && !capturedBy(postgres.tables, outbox.table, postgres.exclude))
    at('table', `${outbox.table} is not captured`);
  if (outbox.table !== undefined && postgres.columns[outbox.table] !== undefined)
    at('table', `${outbox.table} has rules in columns, and its messages go out as they are`);
  if (outbox.format === 'avro' && outbox.expandJsonPayload)
    at('expandJsonPayload', 'is for the format raw: a schema has to be known before the payload');
  if (outbox.format === 'avro' && outbox.messagePrefix !== undefined)
    at('format', 'avro takes its schema from a table: logical messages are raw');
  try {
    new RegExp(outbox.routePattern);
  } catch {
    at('routePattern', 'is not a regular expression');
  }
  return mistakes;
}
