import { createHash } from 'node:crypto';

import { SESSION_SETTINGS } from '@hasivu/pgoutput';
import { initialText, partitionInitials, quoteIdentifier, quoteLiteral } from '@hasivu/postgres';

import { ownerCheck } from './ddl-owner-sql.ts';

/** Prefix of the logical messages in which the event triggers tell of DDL. */
export const DDL_PREFIX = 'hasivu.ddl';

/** Schema of what this platform keeps in a source database. */
export const DDL_SCHEMA = 'hasivu';
/** With the slot, a table with one row: what the messages of its triggers are known by. */
export const TOKEN_TABLE_PREFIX = 'token_';
const LONGEST_NAME = 45;

/** What the event triggers of one source are made for. */
export interface DdlTriggerOptions {
  readonly slot: string;
  readonly publication: string;
  /** Patterns of captured tables. */
  readonly tables: readonly string[];
  readonly exclude: readonly string[];
  /** Whether statements, defaults and comments are told; they can hold data. */
  readonly statements: boolean;
  /** Role of the source, where another one installs them. */
  readonly reader?: string | undefined;
}

/** The event triggers of one source: SQL that is valid on every supported server. */
export interface DdlTriggers {
  readonly schema: string;
  /** Of the function, and of the table beside it, which is empty but within a statement. */
  readonly functionName: string;
  readonly tokenTable: string;
  readonly triggers: readonly string[];
  /** Changes with everything that the function and the triggers say; it is the function's comment. */
  readonly version: string;
  /** Fails where another role could change what is installed, or runs code when it is used. */
  readonly check: string;
  readonly install: readonly string[];
  readonly uninstall: readonly string[];
}

const COMMANDS = [
  'CREATE TABLE',
  'CREATE TABLE AS',
  'SELECT INTO',
  'CREATE SCHEMA',
  'ALTER TABLE',
  'COMMENT',
];
// ALTER TABLE is told at its end; DROP TYPE and the like can take columns with them.
const DROPS = [
  'DROP TABLE',
  'DROP SCHEMA',
  'DROP OWNED',
  'DROP EXTENSION',
  'DROP TYPE',
  'DROP DOMAIN',
  'ALTER PUBLICATION',
];

/** Values are told as every session of the source prints them, whatever the session that runs the statement has set. */
const PRINTED = Object.entries(SESSION_SETTINGS)
  .filter(([name]) => name !== 'search_path' && name !== 'client_encoding')
  .map(([name, value]) => `SET ${name} TO '${value}'`)
  .join(' ');

export function ddlTriggers(options: DdlTriggerOptions): DdlTriggers {
  const name = nameOf(options.slot);
  const functionName = `ddl_${name}`;
  const scratch = `${DDL_SCHEMA}.${quoteIdentifier(functionName)}`;
  const tokenTable = TOKEN_TABLE_PREFIX + name;
  const token = `${DDL_SCHEMA}.${quoteIdentifier(tokenTable)}`;
  const check = ownerCheck({ schema: DDL_SCHEMA, functionName, tables: [functionName, tokenTable] });
  const called = `${scratch}()`;
  const onEnd = `hasivu_ddl_${name}`;
  const onDrop = `hasivu_drop_${name}`;
  const body = functionBody(options, scratch, token);
  const version = `hasivu cdc-source ddl ${createHash('sha256')
    .update(JSON.stringify([body, PRINTED, COMMANDS, DROPS]))
    .digest('hex')
    .slice(0, 16)}`;
  const trigger = (trigger: string, event: string, tags: readonly string[]): string[] => [
    `DROP EVENT TRIGGER IF EXISTS ${quoteIdentifier(trigger)}`,
    `CREATE EVENT TRIGGER ${quoteIdentifier(trigger)} ON ${event} WHEN TAG IN (${tags.map(quoteLiteral).join(', ')}) EXECUTE FUNCTION ${called}`,
  ];
  return {
    schema: DDL_SCHEMA,
    functionName,
    tokenTable,
    triggers: [onEnd, onDrop],
    version,
    check,
    install: [
      'SET LOCAL search_path TO pg_catalog, pg_temp',
      `DO ${quoteLiteral(`BEGIN IF to_regnamespace('${DDL_SCHEMA}') IS NULL THEN CREATE SCHEMA ${DDL_SCHEMA}; END IF; END`)}`,
      // Ahead of the first statement that could run somebody's trigger; nobody else can make anything in it from here on.
      check,
      `DO ${quoteLiteral(tables(scratch, token))}`,
      ...(options.reader === undefined
        ? []
        : [
            `GRANT USAGE ON SCHEMA ${DDL_SCHEMA} TO ${quoteIdentifier(options.reader)}`,
            `GRANT SELECT ON ${token} TO ${quoteIdentifier(options.reader)}`,
          ]),
      `CREATE OR REPLACE FUNCTION ${called} RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp ${PRINTED} AS ${quoteLiteral(body)}`,
      ...trigger(onEnd, 'ddl_command_end', COMMANDS),
      ...trigger(onDrop, 'sql_drop', DROPS),
      `COMMENT ON FUNCTION ${called} IS ${quoteLiteral(version)}`,
      check,
    ],
    uninstall: [
      `DROP FUNCTION IF EXISTS ${called} CASCADE`,
      `DROP TABLE IF EXISTS ${scratch}`,
      `DROP TABLE IF EXISTS ${token}`,
    ],
  };
}

// A token stays through every renewal: log from before it comes again. Default privileges may give others the right to
// read a new table; theirs is taken away.
function tables(scratch: string, token: string): string {
  return `
DECLARE
  granted text;
BEGIN
  IF to_regclass(${quoteLiteral(scratch)}) IS NULL THEN
    CREATE TABLE ${scratch} (n int);
    ALTER TABLE ${scratch} REPLICA IDENTITY FULL;
  END IF;
  IF to_regclass(${quoteLiteral(token)}) IS NULL THEN
    CREATE TABLE ${token} (token text NOT NULL);
    FOR granted IN
      SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
        FROM pg_class c, aclexplode(c.relacl) a
       WHERE c.oid = to_regclass(${quoteLiteral(token)}) AND a.grantee <> c.relowner
    LOOP
      EXECUTE 'REVOKE ALL ON ${token.replaceAll("'", "''")} FROM ' || granted;
    END LOOP;
  END IF;
  INSERT INTO ${token} SELECT replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
   WHERE NOT EXISTS (SELECT FROM ${token});
END`;
}

function nameOf(slot: string): string {
  if (slot.length <= LONGEST_NAME) return slot;
  return `${slot.slice(0, 36)}_${createHash('sha256').update(slot).digest('hex').slice(0, 8)}`;
}

const emit = (scratch: string, token: string): string => `IF xid IS NULL THEN
        INSERT INTO ${scratch} VALUES (0) RETURNING xmin::text::bigint, ctid INTO xid, place;
      END IF;
      PERFORM pg_logical_emit_message(true, '${DDL_PREFIX}',
        convert_to((message::jsonb || jsonb_build_object('xid', xid, 'token', (SELECT t.token FROM ${token} t LIMIT 1)))::text, 'UTF8'));`;

const KEY_COLUMNS = (flag: string): string => `(
      SELECT json_agg(a.attname ORDER BY k.ord)
        FROM pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
       WHERE i.indrelid = c.oid AND i.${flag} AND k.ord <= i.indnkeyatts)`;

const PUBLISHED = `CASE WHEN jsonb_typeof(to_jsonb(r) -> 'prattrs') = 'array'
                 THEN to_jsonb(r) -> 'prattrs' @> to_jsonb(a.attnum)
                 ELSE a.attgenerated = '' OR (a.attgenerated = 's' AND coalesce(to_jsonb(p) ->> 'pubgencols', 'n') = 's') END`;

// Columns of the catalog that not every version has are read through to_jsonb. Whatever goes wrong here stays here: the
// statement it is about must not fail. That takes a subtransaction, and two things follow. Where the next change of the
// transaction begins in the log where the message ends, the server may send that change first: the scratch row's deletion
// keeps them apart. And the server names a message's subtransaction to nobody, so the message does, by the scratch row's:
// what a savepoint rolls back of a transaction that is streamed in progress can be told only so.
function functionBody(options: DdlTriggerOptions, scratch: string, token: string): string {
  const { slot, publication, tables, exclude, statements } = options;
  const literal = (value: string): string => quoteLiteral(value);
  const list = (patterns: readonly string[]): string =>
    `ARRAY[${patterns.map((pattern) => literal(likePattern(pattern))).join(', ')}]::text[]`;
  const named = (id: string): string =>
    `(${id} LIKE ANY (${list(tables)}) AND NOT ${id} LIKE ANY (${list(exclude)}))`;
  const told = (expression: string): string => (statements ? expression : 'NULL::text');
  const statement = `'statement', ${told('left(current_query(), 16384)')}, 'cut', ${statements ? 'char_length(current_query()) > 16384' : 'false'}`;
  return `
DECLARE
  message json;
  oids oid[];
  tags text[];
  xid bigint;
  place tid;
BEGIN
  IF TG_EVENT = 'sql_drop' THEN
    FOR message IN
      SELECT json_build_object('v', 1, 'slot', ${literal(slot)}, 'kind', 'drop', 'command', TG_TAG,
               'oid', o.objid::bigint, 'schema', o.schema_name, 'table', o.object_name, ${statement})
        FROM pg_event_trigger_dropped_objects() WITH ORDINALITY AS o
       WHERE o.classid = 'pg_class'::regclass AND o.objsubid = 0 AND o.object_type = 'table' AND NOT o.is_temporary
         AND (${named("o.schema_name || '.' || o.object_name")} OR EXISTS (
           SELECT FROM pg_event_trigger_dropped_objects() m
            WHERE m.object_type = 'publication relation' AND m.address_args[1] = ${literal(publication)}
              AND m.address_names = ARRAY[o.schema_name, o.object_name]))
       ORDER BY o.ordinality
    LOOP
      ${emit(scratch, token)}
    END LOOP;
    IF TG_TAG = 'ALTER PUBLICATION' AND current_setting('application_name') NOT LIKE 'hasivu-cdc-source%' THEN
      FOR message IN
        SELECT json_build_object('v', 1, 'slot', ${literal(slot)}, 'kind', 'unpublish', 'command', TG_TAG,
                 'oid', 0, 'schema', m.address_names[1], 'table', m.address_names[2], ${statement})
          FROM pg_event_trigger_dropped_objects() m
         WHERE m.object_type = 'publication relation' AND m.address_args[1] = ${literal(publication)}
      LOOP
        ${emit(scratch, token)}
      END LOOP;
    END IF;
    SELECT array_agg(DISTINCT objid) INTO oids FROM pg_event_trigger_dropped_objects()
     WHERE classid = 'pg_class'::regclass AND object_type = 'table column';
    tags := array_fill(TG_TAG, ARRAY[coalesce(cardinality(oids), 0)]);
  ELSE
    SELECT array_agg(objid ORDER BY ord), array_agg(command_tag ORDER BY ord) INTO oids, tags
      FROM (SELECT DISTINCT ON (c.objid) c.objid, c.command_tag, c.ordinality AS ord
              FROM pg_event_trigger_ddl_commands() WITH ORDINALITY AS c
             WHERE c.classid = 'pg_class'::regclass AND c.object_type IN ('table', 'table column')
             ORDER BY c.objid, c.ordinality) AS commands;
  END IF;
  FOR message IN
    SELECT json_build_object('v', 1, 'slot', ${literal(slot)}, 'kind', 'table', 'command', t.tag,
             'oid', c.oid::bigint, 'schema', n.nspname, 'table', c.relname, ${statement},
             'identity', c.relreplident, 'comment', ${told("left(obj_description(c.oid, 'pg_class'), 1024)")},
             'primaryKey', ${KEY_COLUMNS('indisprimary')},
             'identityIndex', ${KEY_COLUMNS('indisreplident')},
             'columns', (
      SELECT json_agg(json_build_object('name', a.attname, 'number', a.attnum, 'typeOid', a.atttypid::bigint, 'typmod', a.atttypmod,
               'dimensions', a.attndims, 'notNull', a.attnotnull, 'generated', a.attgenerated <> '',
               'identity', a.attidentity <> '', 'hasDefault', a.atthasdef AND a.attgenerated = '',
               'default', ${told("left(CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END, 256)")},
               'initial', CASE WHEN ${PUBLISHED} THEN ${initialText('a', 'c', 'parts.initials')} END,
               'comment', ${told('left(col_description(a.attrelid, a.attnum), 256)')},
               'published', ${PUBLISHED})
               ORDER BY a.attnum)
        FROM pg_attribute a
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
      FROM unnest(oids, tags) WITH ORDINALITY AS t(oid, tag, ord)
      JOIN pg_class c ON c.oid = t.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL (SELECT ${partitionInitials('c')} AS initials) AS parts
      LEFT JOIN pg_publication p ON p.pubname = ${literal(publication)}
      LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition
       AND (r.oid IS NOT NULL OR ${named("n.nspname || '.' || c.relname")})
     ORDER BY t.ord
  LOOP
    ${emit(scratch, token)}
  END LOOP;
  IF xid IS NOT NULL THEN
    DELETE FROM ${scratch} WHERE ctid = place;
  END IF;
EXCEPTION WHEN OTHERS THEN
  RAISE LOG 'hasivu: a schema change is not told to cdc-source: % (%)', SQLERRM, SQLSTATE;
END
`;
}

/** A pattern of tables as one for LIKE. */
function likePattern(pattern: string): string {
  return pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');
}
