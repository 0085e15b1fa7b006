import type { LogicalMessage } from '@hasivu/pgoutput';

import { DDL_PREFIX } from './ddl-trigger-sql.ts';

/** A column of a table right after a statement, as the catalog has it. */
export interface DdlColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
  readonly dimensions: number;
  readonly notNull: boolean;
  readonly generated: boolean;
  /** GENERATED … AS IDENTITY. */
  readonly identity: boolean;
  readonly hasDefault: boolean;
  readonly default: string | null;
  readonly comment: string | null;
  /** Whether the publication has it. */
  readonly published: boolean;
}

interface DdlBase {
  readonly slot: string;
  readonly command: string;
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** Text that the client sent, cut where it is long; null where it stays in the database. */
  readonly statement: string | null;
  readonly cut: boolean;
}

/** A statement made or changed a table. */
export interface DdlTable extends DdlBase {
  readonly kind: 'table';
  /** `relreplident`. */
  readonly identity: string;
  readonly comment: string | null;
  readonly primaryKey: readonly string[] | null;
  readonly identityIndex: readonly string[] | null;
  readonly columns: readonly DdlColumn[] | null;
}

/** A statement dropped a table, or took it out of the publication. */
export interface DdlGone extends DdlBase {
  readonly kind: 'drop' | 'unpublish';
}

export type DdlMessage = DdlTable | DdlGone;

const VERSION = 1;

/** What an event trigger of ours told, or null for anything else that has its prefix. */
export function parseDdlMessage(content: Buffer): DdlMessage | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.toString('utf8'));
  } catch {
    return null;
  }
  const message = parsed as Partial<DdlMessage & { v: number }> | null;
  if (typeof message !== 'object' || message?.v !== VERSION) return null;
  const texts = [message.slot, message.command, message.schema, message.table];
  if (!texts.every((text) => typeof text === 'string') || typeof message.oid !== 'number') return null;
  if (message.kind === 'drop' || message.kind === 'unpublish') return message as DdlGone;
  if (message.kind !== 'table' || !isReplicaIdentity(message.identity)) return null;
  const { primaryKey = null, identityIndex = null, columns = null } = message as Partial<DdlTable>;
  if (!isNames(primaryKey) || !isNames(identityIndex)) return null;
  return columns === null || (Array.isArray(columns) && columns.every(isColumn))
    ? (message as DdlTable)
    : null;
}

// Whoever can connect can write a message with this prefix: what is of another form must not end the stream.
function isReplicaIdentity(value: unknown): boolean {
  return typeof value === 'string' && /^[dnfi]$/.test(value);
}

function isNames(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((name) => typeof name === 'string'));
}

function isColumn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, typeOid, typmod, dimensions } = value as Partial<DdlColumn>;
  return typeof name === 'string' && [typeOid, typmod, dimensions].every(Number.isInteger);
}

/** The subtransaction that an event trigger's message is of, or -1 for any other message. */
export function subtransactionOf({ prefix, content }: LogicalMessage): number {
  if (prefix !== DDL_PREFIX) return -1;
  try {
    const { xid } = JSON.parse(content.toString('utf8')) as { xid?: unknown };
    return typeof xid === 'number' ? xid : -1;
  } catch {
    return -1;
  }
}

const CREATING = new Set(['CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE SCHEMA']);

export function creates({ kind, command }: DdlMessage): boolean {
  return kind === 'table' && CREATING.has(command);
}

/** The text of the statement, marked where it was cut. */
export function statementOf({ statement, cut }: DdlMessage): string | null {
  return statement !== null && cut ? `${statement} …` : statement;
}
