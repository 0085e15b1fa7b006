import { quoteLiteral } from '@hasivu/postgres';

/**
 * A condition: the role `owner`, an expression, may own what runs at every DDL statement. That is the role of the session
 * itself, and whoever could run code as anybody in any case: superusers, and (some clouds have a role for it) owners of
 * event triggers.
 */
export function trustedOwner(owner: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = ${owner} AND (r.rolname = current_user OR r.rolsuper
    OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtowner = r.oid)))`;
}

/** What the check of owners is about. */
export interface OwnedObjects {
  readonly schema: string;
  readonly functionName: string;
  readonly tables: readonly string[];
}

/**
 * A statement that fails with insufficient_privilege where somebody else could change what the event triggers run, or
 * would run code when they write: every role that may create a schema could have made ours beforehand.
 */
export function ownerCheck({ schema, functionName, tables }: OwnedObjects): string {
  const within = `(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${quoteLiteral(schema)})`;
  const relations = `c.relnamespace = ${within} AND c.relname IN (${tables.map(quoteLiteral).join(', ')})`;
  const body = `
DECLARE
  wrong text;
BEGIN
  SELECT pg_catalog.string_agg(found.what, ', ') INTO wrong FROM (
    SELECT pg_catalog.format('%s belongs to %I', o.what, pg_catalog.pg_get_userbyid(o.owner)) AS what
      FROM (SELECT 'the schema ${schema}' AS what, n.nspowner AS owner
              FROM pg_catalog.pg_namespace n WHERE n.oid = ${within}
            UNION ALL
            SELECT p.oid::pg_catalog.regprocedure::text, p.proowner
              FROM pg_catalog.pg_proc p WHERE p.pronamespace = ${within} AND p.proname = ${quoteLiteral(functionName)}
            UNION ALL
            SELECT c.oid::pg_catalog.regclass::text, c.relowner FROM pg_catalog.pg_class c WHERE ${relations}) AS o
     WHERE NOT ${trustedOwner('o.owner')}
    UNION ALL
    SELECT pg_catalog.format('%s is not a plain table without triggers and rules', c.oid::pg_catalog.regclass)
      FROM pg_catalog.pg_class c
     WHERE ${relations} AND (c.relkind <> 'r'
       OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid))) AS found;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = wrong
      || ', so that another role could have its code run by every DDL statement: drop it, or change its owner';
  END IF;
END`;
  return `DO ${quoteLiteral(body)}`;
}
