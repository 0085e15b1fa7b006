import { isPlatformError } from '@hasivu/errors';
import { quoteLiteral, quoteTable, type CatalogSession } from '@hasivu/postgres';

import { trustedOwner } from '../core/ddl-owner-sql.ts';
import { DdlTokens } from '../core/ddl-tokens.ts';
import { DDL_SCHEMA, TOKEN_TABLE_PREFIX, type DdlTriggers } from '../core/ddl-trigger-sql.ts';

const DOING = 'reading what the messages of event triggers are known by';

/** The tokens that this role may read, in tables that nobody else could have made. */
export async function readDdlTokens(
  session: CatalogSession,
  { tokenTable }: Pick<DdlTriggers, 'tokenTable'>,
): Promise<DdlTokens> {
  const tables = await session.query<{ name: string }>(
    DOING,
    `SELECT c.relname AS name FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'token' AND a.atttypid = 'text'::regtype
      WHERE n.nspname = ${quoteLiteral(DDL_SCHEMA)} AND c.relkind = 'r'
        AND starts_with(c.relname, ${quoteLiteral(TOKEN_TABLE_PREFIX)})
        AND ${trustedOwner('n.nspowner')} AND ${trustedOwner('c.relowner')}
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')`,
  );
  let own: string | null = null;
  const others: string[] = [];
  for (const { name } of tables) {
    const token = await tokenIn(session, name);
    if (token === null) continue;
    if (name === tokenTable) own = token;
    else others.push(token);
  }
  return new DdlTokens(own, others);
}

/** null where it is gone: another source may remove its own at any time. */
async function tokenIn(session: CatalogSession, name: string): Promise<string | null> {
  try {
    const table = quoteTable({ schema: DDL_SCHEMA, table: name });
    const [row] = await session.query<{ token: string }>(DOING, `SELECT token FROM ${table} LIMIT 1`);
    return row?.token ?? null;
  } catch (error) {
    if (isPlatformError(error) && error.code === 'SOURCE_TABLE_MISSING') return null;
    throw error;
  }
}
