import type { LogicalMessage } from '@hasivu/pgoutput';

import type { DdlTokens } from './ddl-tokens.ts';
import { DDL_PREFIX } from './ddl-trigger-sql.ts';

/** A column of a table right after a statement, as the catalog has it. */
export interface DdlColumn {
  readonly name: string;
  /** `attnum`; triggers of an older version do not tell it. */
  readonly number?: number;
  readonly typeOid: number;
  readonly typmod: number;
  readonly dimensions: number;
  readonly notNull: boolean;
  readonly generated: boolean;
  /** GENERATED … AS IDENTITY. */
  readonly identity: boolean;
  readonly hasDefault: boolean;
  readonly default: string | null;
  /** What rows have that were there before the column; triggers of an older version do not tell it. */
  readonly initial?: string | null;
  readonly comment: string | null;
  /** Whether the publication has it. */
  readonly published: boolean;
}

interface DdlBase {
  /** What tells a message of an event trigger from one that anybody has written. */
  readonly token: string;
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

// The server's own limits, with room for builds that have longer names; lengths in UTF-16 units, of which a character of
// the server has at most two.
const LONGEST_CONTENT = 8 * 1024 * 1024;
const LONGEST_NAME = 256;
const LONGEST_STATEMENT = 2 * 16_384;
const LONGEST_INITIAL = 8192;
const LONGEST_COMMENT = 2 * 1024;
const MOST_COLUMNS = 1664;
const LARGEST_OID = 2 ** 32 - 1;

/** What an event trigger of ours could have told, or null for anything else that has its prefix. Never throws. */
export function parseDdlMessage(content: Buffer): DdlMessage | null {
  const message = jsonOf(content);
  if (message?.['v'] !== VERSION || !isBase(message)) return null;
  const { kind } = message;
  if (kind === 'drop' || kind === 'unpublish') return message as unknown as DdlGone;
  return kind === 'table' && isTable(message) ? (message as unknown as DdlTable) : null;
}

/** The subtransaction that an event trigger's message is of, or -1 for any other message. Never throws. */
export function subtransactionOf({ prefix, content }: LogicalMessage, tokens: DdlTokens): number {
  if (prefix !== DDL_PREFIX) return -1;
  const message = jsonOf(content);
  const xid = message?.['xid'];
  return isWhole(xid, 0, LARGEST_OID) && tokens.isKnown(message?.['token']) ? xid : -1;
}

type Unread = Readonly<Record<string, unknown>>;

function jsonOf(content: Buffer): Unread | null {
  if (content.length > LONGEST_CONTENT) return null;
  try {
    const parsed: unknown = JSON.parse(content.toString('utf8'));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function isBase({ token, slot, command, oid, schema, table, statement, cut }: Unread): boolean {
  const names = [token, slot, command, schema, table];
  if (!names.every((name) => isText(name, LONGEST_NAME))) return false;
  return (
    isWhole(oid, 0, LARGEST_OID) && isTextOrNull(statement, LONGEST_STATEMENT) && typeof cut === 'boolean'
  );
}

function isTable({ identity, comment, primaryKey, identityIndex, columns }: Unread): boolean {
  if (typeof identity !== 'string' || !/^[dnfi]$/.test(identity)) return false;
  if (!isTextOrNull(comment, LONGEST_COMMENT)) return false;
  const isName = (name: unknown): boolean => isText(name, LONGEST_NAME);
  return [
    [primaryKey, isName] as const,
    [identityIndex, isName] as const,
    [columns, isColumn] as const,
  ].every(
    ([list, is]) =>
      list === null || (Array.isArray(list) && list.length <= MOST_COLUMNS && list.every((one) => is(one))),
  );
}

function isColumn(column: unknown): boolean {
  if (!isObject(column)) return false;
  const flags = [
    column['notNull'],
    column['generated'],
    column['identity'],
    column['hasDefault'],
    column['published'],
  ];
  return (
    isText(column['name'], LONGEST_NAME) &&
    (column['number'] === undefined || isWhole(column['number'], 1, 2 ** 15 - 1)) &&
    isWhole(column['typeOid'], 0, LARGEST_OID) &&
    isWhole(column['typmod'], -(2 ** 31), 2 ** 31 - 1) &&
    isWhole(column['dimensions'], 0, 2 ** 15 - 1) &&
    flags.every((flag) => typeof flag === 'boolean') &&
    isTextOrNull(column['default'], LONGEST_COMMENT) &&
    (column['initial'] === undefined || isTextOrNull(column['initial'], LONGEST_INITIAL)) &&
    isTextOrNull(column['comment'], LONGEST_COMMENT)
  );
}

function isObject(value: unknown): value is Unread {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length <= longest;
}

function isTextOrNull(value: unknown, longest: number): boolean {
  return value === null || isText(value, longest);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

const CREATING = new Set(['CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE SCHEMA']);

export function creates({ kind, command }: DdlMessage): boolean {
  return kind === 'table' && CREATING.has(command);
}

/** The text of the statement, marked where it was cut. */
export function statementOf({ statement, cut }: DdlMessage): string | null {
  return statement !== null && cut ? `${statement} …` : statement;
}
