import { isPlatformError } from '@hasivu/errors';
import { quoteLiteral, type CatalogSession } from '@hasivu/postgres';

import { ddlTriggers, type DdlTriggers } from '../core/ddl-trigger-sql.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { SourceSettings } from '../source-settings.ts';

/** The event triggers that the configured source is to have. */
export function ddlTriggersOf({ postgres }: Pick<SourceSettings, 'postgres'>): DdlTriggers {
  const { slot, publication, tables, exclude, ddlStatements } = postgres;
  return ddlTriggers({ slot, publication, tables, exclude, statements: ddlStatements });
}

/**
 * Installs, renews or removes the event triggers that tell of DDL. Where `ddl` is auto and that is not permitted, one
 * line of the log says what is not seen, and what is there stays.
 * @throws PlatformError SOURCE_PERMISSION where they are demanded
 */
export async function ensureDdlTriggers(
  { settings, logger }: SourceDependencies,
  session: CatalogSession,
): Promise<void> {
  const { postgres } = settings;
  const wanted = ddlTriggersOf(settings);
  const wants = postgres.schemaChanges && postgres.ddl !== 'off';
  const found = await installed(session, wanted);
  if (found === null && !wants) return;
  if (found?.disabled === true && wants)
    logger.warn({ triggers: wanted.triggers }, 'the event triggers for DDL are disabled in the database');
  if (found?.version === wanted.version && found.complete && wants) return;
  const doing = wants ? 'installing the event triggers for DDL' : 'removing the event triggers for DDL';
  try {
    await session.transaction(doing, async () => {
      for (const sql of wants ? wanted.install : wanted.uninstall) await session.query(doing, sql);
    });
    logger.info(
      { triggers: wanted.triggers },
      wants ? 'event triggers for DDL installed' : 'event triggers removed',
    );
  } catch (error) {
    if (!isPlatformError(error) || error.retry === 'timed' || (wants && postgres.ddl === 'trigger'))
      throw error;
    const told = wants
      ? `DDL is seen through the shapes of later rows only (no statements, drops, comments): ${error.message}`
      : `the event triggers for DDL stay, to be removed with: ${wanted.uninstall.join('; ')}`;
    logger.warn({ code: error.code }, told);
  }
}

interface Installed {
  readonly version: string | null;
  /** Both triggers and the table are there. */
  readonly complete: boolean;
  readonly disabled: boolean;
}

async function installed(session: CatalogSession, wanted: DdlTriggers): Promise<Installed | null> {
  const names = wanted.triggers.map(quoteLiteral).join(', ');
  const [row] = await session.query<{
    version: string | null;
    triggers: number;
    disabled: number;
    scratch: boolean;
  }>(
    'looking up the event triggers for DDL',
    `SELECT obj_description(f.oid, 'pg_proc') AS version, count(t.oid)::int AS triggers,
            count(*) FILTER (WHERE t.evtenabled = 'D')::int AS disabled,
            EXISTS (SELECT FROM pg_class s WHERE s.relnamespace = f.pronamespace AND s.relname = f.proname
              AND s.relkind = 'r') AS scratch
       FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
       LEFT JOIN pg_event_trigger t ON t.evtfoid = f.oid AND t.evtname IN (${names})
      WHERE n.nspname = $1 AND f.proname = $2 GROUP BY f.oid, f.pronamespace, f.proname`,
    [wanted.schema, wanted.functionName],
  );
  if (!row) return null;
  return {
    version: row.version,
    complete: row.triggers === wanted.triggers.length && row.scratch,
    disabled: row.disabled > 0,
  };
}
