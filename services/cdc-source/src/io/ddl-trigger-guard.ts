import { isPlatformError, PlatformError } from '@hasivu/errors';
import { quoteIdentifier, quoteLiteral, quoteTable, type CatalogSession } from '@hasivu/postgres';

import type { DdlTokens } from '../core/ddl-tokens.ts';
import { ddlTriggers, type DdlTriggers } from '../core/ddl-trigger-sql.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { SourceSettings } from '../source-settings.ts';
import { readDdlTokens } from './ddl-token-reader.ts';

/**
 * The event triggers that the configured source is to have.
 * @param reader role of the source, where another one installs them
 */
export function ddlTriggersOf({ postgres }: Pick<SourceSettings, 'postgres'>, reader?: string): DdlTriggers {
  const { slot, publication, tables, exclude, ddlStatements } = postgres;
  return ddlTriggers({ slot, publication, tables, exclude, statements: ddlStatements, reader });
}

/**
 * Installs, renews or removes the event triggers that tell of DDL, and returns what their messages are known by. Where
 * `ddl` is auto and that is not permitted, one line of the log says what is not seen, and what is there stays; but not
 * where another role could change what it runs.
 * @throws PlatformError SOURCE_PERMISSION where they are demanded
 */
export async function ensureDdlTriggers(
  { settings, logger }: SourceDependencies,
  session: CatalogSession,
): Promise<DdlTokens> {
  const { postgres } = settings;
  const wanted = ddlTriggersOf(settings);
  const wants = postgres.schemaChanges && postgres.ddl !== 'off';
  // Ahead of a removal: log with such messages may come again in this life.
  const tokens = await readDdlTokens(session, wanted);
  const found = await installed(session, wanted);
  if (found === null && !wants) return tokens;
  if (found?.disabled === true && wants)
    logger.warn({ triggers: wanted.triggers }, 'the event triggers for DDL are disabled in the database');
  const doing = wants ? 'installing the event triggers for DDL' : 'removing the event triggers for DDL';
  try {
    if (wants) await checkOwners(session, wanted, found !== null, logger);
    if (found?.version === wanted.version && found.complete && wants) return readable(tokens, wanted);
    await session.transaction(doing, async () => {
      for (const sql of wants ? wanted.install : wanted.uninstall) await session.query(doing, sql);
    });
    logger.info(
      { triggers: wanted.triggers },
      wants ? 'event triggers for DDL installed' : 'event triggers removed',
    );
    return wants ? readable(await readDdlTokens(session, wanted), wanted) : tokens;
  } catch (error) {
    if (!isPlatformError(error) || error.retry === 'timed' || (wants && postgres.ddl === 'trigger'))
      throw error;
    const told = wants
      ? `DDL is seen through the shapes of later rows only (no statements, drops, comments): ${error.message}`
      : `the event triggers for DDL stay, to be removed with: ${wanted.uninstall.join('; ')}`;
    logger.warn({ code: error.code }, told);
    return tokens;
  }
}

async function checkOwners(
  session: CatalogSession,
  wanted: DdlTriggers,
  exists: boolean,
  logger: SourceDependencies['logger'],
): Promise<void> {
  const doing = 'installing the event triggers for DDL';
  try {
    await session.query(doing, wanted.check);
  } catch (error) {
    if (exists && isPlatformError(error) && error.code === 'SOURCE_PERMISSION') {
      // What another role can change is not to run at anybody's DDL any longer.
      for (const trigger of wanted.triggers) {
        const drop = `DROP EVENT TRIGGER IF EXISTS ${quoteIdentifier(trigger)}`;
        await session.query(doing, drop).catch(() => logger.warn(`somebody who may has to run: ${drop}`));
      }
    }
    throw error;
  }
}

function readable(tokens: DdlTokens, { schema, tokenTable }: DdlTriggers): DdlTokens {
  if (tokens.hasOwn) return tokens;
  const table = quoteTable({ schema, table: tokenTable });
  throw new PlatformError('SOURCE_PERMISSION', {
    doing: 'installing the event triggers for DDL',
    why: `the role may not read ${table}, by which messages of the triggers are told from those of others: GRANT USAGE ON SCHEMA ${schema} and SELECT ON ${table}`,
  });
}

interface Installed {
  readonly version: string | null;
  /** Both triggers and both tables are there. */
  readonly complete: boolean;
  readonly disabled: boolean;
}

async function installed(session: CatalogSession, wanted: DdlTriggers): Promise<Installed | null> {
  const names = wanted.triggers.map(quoteLiteral).join(', ');
  const [row] = await session.query<{
    version: string | null;
    triggers: number;
    disabled: number;
    tables: number;
  }>(
    'looking up the event triggers for DDL',
    `SELECT obj_description(f.oid, 'pg_proc') AS version, count(t.oid)::int AS triggers,
            count(*) FILTER (WHERE t.evtenabled = 'D')::int AS disabled,
            (SELECT count(*)::int FROM pg_class s WHERE s.relnamespace = f.pronamespace
              AND s.relname IN (f.proname, $3) AND s.relkind = 'r') AS tables
       FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
       LEFT JOIN pg_event_trigger t ON t.evtfoid = f.oid AND t.evtname IN (${names})
      WHERE n.nspname = $1 AND f.proname = $2 AND f.pronargs = 0 GROUP BY f.oid, f.pronamespace, f.proname`,
    [wanted.schema, wanted.functionName, wanted.tokenTable],
  );
  if (!row) return null;
  return {
    version: row.version,
    complete: row.triggers === wanted.triggers.length && row.tables === 2,
    disabled: row.disabled > 0,
  };
}
