import { readFileSync } from 'node:fs';

import { topicNames } from '@hasivu/change-events';
import { uniqueName, waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { schemaChangesOf, type SeenChange } from './schema-changes-seen.ts';
import { SourceUnderTest } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('ddl');
  await source.sql('CREATE SCHEMA shop');
  await source.sql('CREATE TABLE shop.orders (id int PRIMARY KEY, v text)');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

const WITH_DDL = { tables: ['shop.*'], postgres: 'schemaChanges: true' };

const brief = ({ id, type, command, ddl, changes }: SeenChange): unknown[] => [
  type,
  id,
  command,
  ddl,
  changes,
];

async function triggers(): Promise<string[]> {
  const rows = await source.sql<{ evtname: string }>('SELECT evtname FROM pg_event_trigger ORDER BY 1');
  return rows.map((row) => row.evtname);
}

/** The source as a role that may do everything but create event triggers. */
async function ordinaryRole(): Promise<{ url: string; drop: () => Promise<void> }> {
  const role = uniqueName('role');
  await source.sql(`CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'right'`);
  await source.sql(`GRANT CREATE ON DATABASE "${source.database.name}" TO ${role}`);
  await source.sql(`GRANT USAGE ON SCHEMA shop TO ${role}`);
  await source.sql(`ALTER TABLE shop.orders OWNER TO ${role}`);
  await source.sql(`ALTER TABLE settled OWNER TO ${role}`);
  const url = new URL(source.database.url);
  url.username = role;
  url.password = 'right';
  return {
    url: url.href,
    drop: async () => {
      await source.sql(`DROP OWNED BY ${role} CASCADE`);
      await source.sql(`DROP ROLE ${role}`);
    },
  };
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

test('every statement about a captured table is a record with its text, without any row; what is rolled back is none', async () => {
  const service = await source.start(WITH_DDL);
  await source.sql('ALTER TABLE shop.orders ADD COLUMN w int NOT NULL DEFAULT 7');
  await source.sql('ALTER TABLE shop.orders ALTER COLUMN w TYPE bigint, ALTER COLUMN v SET NOT NULL');
  await source.sql('ALTER TABLE shop.orders RENAME COLUMN w TO x');
  await source.sql("COMMENT ON COLUMN shop.orders.x IS 'how many'");
  await source.sql("COMMENT ON TABLE shop.orders IS 'what was ordered'");
  await source.sql('INSERT INTO shop.orders VALUES (1, $1, 2)', ['row']);
  await source.sql('BEGIN; ALTER TABLE shop.orders ADD COLUMN undone int; ROLLBACK');
  await source.sql('CREATE TEMP TABLE orders (id int)');
  await source.sql('CREATE TABLE public.elsewhere (id int)');
  await source.sql('ALTER TABLE shop.orders DROP COLUMN x');
  await source.sql('CREATE TABLE shop.lines (id serial PRIMARY KEY, o int REFERENCES shop.orders)');
  await source.sql('ALTER TABLE shop.lines RENAME TO items');
  await source.sql('ALTER TABLE shop.orders SET SCHEMA public; ALTER TABLE public.orders SET SCHEMA shop');
  await source.sql('DROP TABLE shop.items');
  await source.sql('DROP SCHEMA shop CASCADE');
  await source.settled();

  const seen = (await schemaChangesOf(source)).filter(({ id }) => id !== '"public"."settled"');
  expect(seen.map(brief)).toEqual([
    [
      'ALTER',
      '"shop"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders ADD COLUMN w int NOT NULL DEFAULT 7',
      [],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders ALTER COLUMN w TYPE bigint, ALTER COLUMN v SET NOT NULL',
      ['column "v" cannot be null', 'column "w" is bigint, was integer'],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders RENAME COLUMN w TO x',
      ['column "w" is gone', 'column "x" is new: bigint'],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'COMMENT',
      "COMMENT ON COLUMN shop.orders.x IS 'how many'",
      ['column "x" has another comment'],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'COMMENT',
      "COMMENT ON TABLE shop.orders IS 'what was ordered'",
      ['the table has another comment'],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders DROP COLUMN x',
      ['column "x" is gone'],
    ],
    [
      'CREATE',
      '"shop"."lines"',
      'CREATE TABLE',
      'CREATE TABLE shop.lines (id serial PRIMARY KEY, o int REFERENCES shop.orders)',
      [],
    ],
    [
      'ALTER',
      '"shop"."items"',
      'ALTER TABLE',
      'ALTER TABLE shop.lines RENAME TO items',
      ['the table was "shop"."lines"'],
    ],
    [
      'ALTER',
      '"public"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders SET SCHEMA public; ALTER TABLE public.orders SET SCHEMA shop',
      ['the table was "shop"."orders"'],
    ],
    [
      'ALTER',
      '"shop"."orders"',
      'ALTER TABLE',
      'ALTER TABLE shop.orders SET SCHEMA public; ALTER TABLE public.orders SET SCHEMA shop',
      ['the table was "public"."orders"'],
    ],
    ['DROP', '"shop"."items"', 'DROP TABLE', 'DROP TABLE shop.items', ['the table is gone']],
    ['DROP', '"shop"."orders"', 'DROP SCHEMA', 'DROP SCHEMA shop CASCADE', ['the table is gone']],
  ]);
  expect(seen[1]?.table).toEqual({
    primaryKeyColumnNames: ['id'],
    comment: null,
    columns: [
      { name: 'id', typeExpression: 'integer', ...PLAIN, optional: false, position: 1 },
      { name: 'v', typeExpression: 'text', ...PLAIN, optional: false, position: 2 },
      {
        name: 'w',
        typeExpression: 'bigint',
        ...PLAIN,
        optional: false,
        hasDefaultValue: true,
        defaultValueExpression: '7',
        position: 3,
      },
    ],
  });
  expect(seen[6]?.table?.columns[0]).toMatchObject({ name: 'id', autoIncremented: true, optional: false });
  const log = service.output.join('\n');
  for (const told of ['a new table matches source.postgres.tables', 'renamed', 'dropped'])
    expect(log).toContain(told);
  const metrics = await (await fetch(new URL('/metrics', service.url))).text();
  expect(metrics).toContain('hasivu_source_tables_waiting{database="default"} 0');
  // The source outlives the tables that it captures.
  await source.settled();
  expect((await source.events('shop.orders')).filter(({ op }) => op === 'c')).toHaveLength(1);
}, 240_000);

const PLAIN = {
  autoIncremented: false,
  generated: false,
  hasDefaultValue: false,
  defaultValueExpression: null,
  comment: null,
};

test('a table that is left out in part shows what events show of it, and no statement where that is off', async () => {
  await source
    .start({
      tables: ['shop.orders'],
      postgres:
        'schemaChanges: true, ddlStatements: false, columns: { shop.orders: { exclude: [v], mask: { m: "***" } } }',
    })
    .catch(() => undefined);
  await source.kill();
  await source.sql('ALTER TABLE shop.orders ADD COLUMN m int');
  const options = {
    tables: ['shop.orders'],
    postgres:
      'schemaChanges: true, ddlStatements: false, columns: { shop.orders: { exclude: [v], mask: { m: "***" } } }',
  };
  await source.start(options);
  await source.sql('INSERT INTO shop.orders VALUES (1, $1, 2)', ['row']);
  await source.sql("ALTER TABLE shop.orders ALTER COLUMN v SET DEFAULT 'secret'");
  await source.sql('INSERT INTO shop.orders VALUES (2, $1, 2)', ['row']);
  await source.settled();
  const seen = (await schemaChangesOf(source)).filter(({ id }) => id === '"shop"."orders"');
  expect(
    seen.map(({ command, ddl, table }) => [command, ddl, table?.columns.map((one) => one.name)]),
  ).toEqual([
    [null, null, ['id', 'm']],
    ['ALTER TABLE', null, ['id', 'm']],
  ]);
  const [last] = (await source.records(topicNames(source.topics.prefix).schemaChanges)).slice(-1);
  expect(String(last?.value)).not.toContain('secret');
}, 180_000);

test('a role that may not create event triggers goes without them, or is told so; they are removed when switched off', async () => {
  const role = await ordinaryRole();
  const demanded = await source.launch({
    tables: ['shop.orders'],
    postgres: 'schemaChanges: true, ddl: trigger',
    url: role.url,
  });
  expect((await demanded.exited).code).toBe(2);
  expect(demanded.output.join('\n')).toMatch(/SOURCE_PERMISSION while installing the event triggers for DDL/);

  const without = await source.start({ ...WITH_DDL, tables: ['shop.orders'], url: role.url });
  expect(await triggers()).toEqual([]);
  expect(without.output.filter((line) => line.includes('DDL is seen through the shapes'))).toHaveLength(1);
  await source.sql('ALTER TABLE shop.orders ADD COLUMN w int');
  await source.sql('INSERT INTO shop.orders VALUES (1)');
  await source.settled();
  expect((await schemaChangesOf(source)).map(brief)).toContainEqual([
    'CREATE',
    '"shop"."orders"',
    null,
    null,
    [],
  ]);
  await without.stop();

  const renewed = await source.start({ ...WITH_DDL, tables: ['shop.orders'] });
  expect(await triggers()).toEqual([`hasivu_ddl_${source.slot}`, `hasivu_drop_${source.slot}`]);
  await renewed.stop();
  const comment = async (): Promise<unknown> =>
    (
      await source.sql(
        "SELECT obj_description(oid, 'pg_proc') AS version FROM pg_proc WHERE pronamespace = 'hasivu'::regnamespace",
      )
    )[0]?.['version'];
  const version = await comment();
  // The role may use what a superuser installed and lets it read, and says so when it is another version than its own.
  const reader = new URL(role.url).username;
  await source.sql(`GRANT USAGE ON SCHEMA hasivu TO ${reader}`);
  await source.sql(`GRANT SELECT ON hasivu.token_${source.slot} TO ${reader}`);
  await source.sql('CREATE TABLE shop.more (id int)');
  await source.sql(`ALTER TABLE shop.more OWNER TO ${new URL(role.url).username}`);
  const older = await source.start({ ...WITH_DDL, url: role.url });
  expect(await comment()).toBe(version);
  await source.sql('ALTER TABLE shop.orders DROP COLUMN w');
  await source.settled();
  expect((await schemaChangesOf(source)).some(({ ddl }) => ddl?.includes('DROP COLUMN w') === true)).toBe(
    true,
  );
  await older.stop();

  await (await source.start({ tables: ['shop.orders'], postgres: 'schemaChanges: true, ddl: off' })).stop();
  expect(await triggers()).toEqual([]);
  await role.drop();
}, 240_000);

test('DDL goes through when the function of the trigger fails, and rows tell of the shape', async () => {
  await source.start(WITH_DDL);
  await source.sql(
    'REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, bytea, boolean) FROM PUBLIC',
  );
  const role = uniqueName('weak');
  await source.sql(`CREATE ROLE ${role}`);
  await source.sql(`ALTER FUNCTION hasivu.ddl_${source.slot}() OWNER TO ${role}`);
  await source.sql('ALTER TABLE shop.orders ADD COLUMN w int');
  await source.sql('INSERT INTO shop.orders VALUES (1)');
  await source.sql('DROP SCHEMA hasivu CASCADE');
  await source.sql('ALTER TABLE shop.orders ADD COLUMN x int');
  await source.sql('INSERT INTO shop.orders VALUES (2)');
  await source.sql(`DROP ROLE ${role}`);
  await source.settled();
  await waitFor('both shapes', async () => {
    const seen = (await schemaChangesOf(source)).filter(({ id }) => id === '"shop"."orders"');
    return seen.length === 2 && seen.every(({ ddl }) => ddl === null);
  });
}, 180_000);

test('a table that leaves the publication is told, and one that is dropped and made again begins anew', async () => {
  const service = await source.start(WITH_DDL);
  await source.sql('ALTER PUBLICATION cdc DROP TABLE shop.orders');
  await source.settled();
  await waitFor('the warning', () =>
    Promise.resolve(service.output.some((line) => line.includes('the publication lost a captured table'))),
  );
  await source.sql('INSERT INTO shop.orders VALUES (1)');
  await source.sql('DROP TABLE shop.orders');
  await source.sql('CREATE TABLE shop.orders (id int PRIMARY KEY, v text)');
  await source.settled();
  const seen = (await schemaChangesOf(source)).filter(({ id }) => id === '"shop"."orders"');
  expect(seen.map(({ type, changes }) => [type, changes])).toEqual([
    ['DROP', ['the table is gone']],
    ['CREATE', []],
  ]);
}, 180_000);

test('what anybody else writes with the prefix of the triggers is no schema change and stops nothing', async () => {
  await source.sql('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC');
  const role = await ordinaryRole();
  const service = await source.start({ ...WITH_DDL, tables: ['shop.orders'] });
  const forger = await connected(role.url);
  const token = `hasivu.token_${source.slot}`;
  await source.sql(`GRANT USAGE ON SCHEMA hasivu TO ${new URL(role.url).username}`);
  await expect(forger.query(`SELECT * FROM ${token}`)).rejects.toThrow(/permission denied/);
  const column = { name: 'id', typeOid: 23, typmod: -1, dimensions: 0, published: true };
  const flags = { notNull: true, generated: false, identity: false, hasDefault: false };
  const whole = {
    v: 1,
    token: 'a guess',
    slot: source.slot,
    kind: 'table',
    command: 'ALTER TABLE',
    oid: 1,
    schema: 'shop',
    table: 'orders',
    statement: null,
    cut: false,
    identity: 'd',
    comment: null,
    primaryKey: ['id'],
    identityIndex: null,
    columns: [{ ...column, ...flags, default: null, comment: null }],
  };
  const forgeries = [
    whole,
    { ...whole, kind: 'drop' },
    { ...whole, columns: [null] },
    { ...whole, columns: [{ ...column, typeOid: 'x' }] },
    { ...whole, identity: '?' },
    { ...whole, command: 'x'.repeat(9_000_000) },
    { ...whole, token: undefined },
  ];
  const emit = async (): Promise<void> => {
    for (const forgery of forgeries)
      await forger.query("SELECT pg_logical_emit_message(true, 'hasivu.ddl', $1::text)", [
        JSON.stringify(forgery),
      ]);
  };
  await emit();
  await source.sql('ALTER TABLE shop.orders ADD COLUMN w int');
  await source.settled();
  const told = async (): Promise<unknown[]> =>
    (await schemaChangesOf(source)).filter(({ id }) => id === '"shop"."orders"').map(({ ddl }) => ddl);
  expect(await told()).toEqual(['ALTER TABLE shop.orders ADD COLUMN w int']);
  expect(service.output.filter((line) => line.includes('was written by somebody else'))).toHaveLength(1);
  expect(service.output.filter((line) => line.includes('is not one of an event trigger'))).toHaveLength(1);
  expect(await service.metrics()).toContain('hasivu_source_ddl_messages_refused_total{database="default"} 7');
  await service.stop();
  await source.start({ tables: ['shop.orders'], postgres: 'schemaChanges: true, ddl: off' });
  await emit();
  await source.settled();
  expect(await told()).toHaveLength(1);
  await forger.end();
  await role.drop();
}, 240_000);

test('what another role made beforehand, or has come to own, is never run at DDL', async () => {
  const role = await ordinaryRole();
  const reader = new URL(role.url).username;
  const mallory = await connected(role.url);
  await mallory.query('CREATE SCHEMA hasivu');
  await mallory.query(`CREATE TABLE hasivu.ddl_${source.slot} (n int)`);
  const only = { ...WITH_DDL, tables: ['shop.orders'] };
  const without = await source.start(only);
  expect(await triggers()).toEqual([]);
  expect(without.output.join('\n')).toMatch(
    new RegExp(`DDL is seen through the shapes.*SOURCE_PERMISSION.*the schema hasivu belongs to ${reader}`),
  );
  await without.stop();
  const demanded = { tables: ['shop.orders'], postgres: 'schemaChanges: true, ddl: trigger' };
  expect((await (await source.launch(demanded)).exited).code).toBe(2);
  expect(await source.sql("SELECT FROM pg_proc WHERE pronamespace = 'hasivu'::regnamespace")).toEqual([]);

  await mallory.query('DROP SCHEMA hasivu CASCADE');
  await (await source.start(demanded)).stop();
  expect(await triggers()).toHaveLength(2);
  for (const change of [
    `ALTER FUNCTION hasivu.ddl_${source.slot}() OWNER TO ${reader}`,
    `ALTER TABLE hasivu.token_${source.slot} OWNER TO ${reader}`,
    `CREATE TRIGGER t BEFORE INSERT ON hasivu.ddl_${source.slot} EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  ]) {
    await source.sql('GRANT USAGE, CREATE ON SCHEMA hasivu TO PUBLIC');
    await source.sql(change);
    const changed = await source.start(only);
    expect(await triggers()).toEqual([]);
    await changed.stop();
    await source.sql('DROP SCHEMA hasivu CASCADE');
    await (await source.start(demanded)).stop();
    expect(await triggers()).toHaveLength(2);
  }
  await mallory.end();
  await role.drop();
}, 300_000);

test('what the runbook says to run takes away all that a source leaves in its database', async () => {
  const options = { ...WITH_DDL, postgres: 'schemaChanges: true, signalTable: public.signals' };
  await (await source.start(options)).stop();
  const page = readFileSync(new URL('../../../docs/runbooks/slots.md', import.meta.url), 'utf8');
  const [, sql = ''] = /taken away for good[^]*?```sql\n([^]*?)```/.exec(page) ?? [];
  await source.sql(
    sql
      .replaceAll('<slot>', source.slot)
      .replaceAll('<publication>', 'cdc')
      .replaceAll('<signalTable>', 'public.signals'),
  );
  expect(await triggers()).toEqual([]);
  const left = await source.sql(`
    SELECT pubname AS name FROM pg_publication
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname = 'hasivu'
    UNION ALL SELECT slot_name FROM pg_replication_slots WHERE database = current_database()
    UNION ALL SELECT relname FROM pg_class WHERE relname = 'signals'`);
  expect(left).toEqual([]);
}, 120_000);
