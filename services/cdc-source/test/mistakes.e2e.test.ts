import { uniqueName, waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { SourceUnderTest, type SourceOptions } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('mistakes');
  await source.sql('CREATE TABLE good (id int PRIMARY KEY)');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

/** Runs the service to its end and returns its last words. */
async function failure(options: SourceOptions): Promise<{ code: number | null; text: string }> {
  const service = await source.launch(options);
  const { code } = await service.exited;
  return { code, text: service.output.filter((line) => line.startsWith('error ')).join('\n') };
}

function urlAs(user: string, password: string): string {
  const url = new URL(source.database.url);
  url.username = user;
  url.password = password;
  return url.href;
}

describe('one clear error, exit code 2, nothing written', () => {
  afterEach(async () => {
    expect(await source.topicNames()).toEqual([]);
    expect(
      await source.sql('SELECT slot_name FROM pg_replication_slots WHERE slot_name = $1', [source.slot]),
    ).toEqual([]);
  });

  test('a wrong password', async () => {
    const role = uniqueName('role');
    await source.sql(`CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'right'`);
    const { code, text } = await failure({ tables: ['public.good'], url: urlAs(role, 'wr0ng-secret') });
    await source.sql(`DROP ROLE ${role}`);
    expect(code).toBe(2);
    expect(text).toMatch(/^error SOURCE_AUTHENTICATION while connecting to /);
    expect(text).not.toContain('wr0ng-secret');
  });

  test('a database that does not exist', async () => {
    const url = new URL(source.database.url);
    url.pathname = '/nothing_here';
    const { code, text } = await failure({ tables: ['public.good'], url: url.href });
    expect([code, text.split(' ')[1]]).toEqual([2, 'SOURCE_DATABASE_MISSING']);
  });

  test('a role without REPLICATION, and one without SELECT', async () => {
    const role = uniqueName('role');
    await source.sql(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
    const url = urlAs(role, 'right');
    const noReplication = await failure({ tables: ['public.good'], url });
    await source.sql(`ALTER ROLE ${role} REPLICATION`);
    const noSelect = await failure({ tables: ['public.good'], url });
    await source.sql(`DROP ROLE ${role}`);
    expect(noReplication.code).toBe(2);
    expect(noReplication.text).toMatch(/SOURCE_PERMISSION.*ALTER ROLE/);
    expect(noSelect.code).toBe(2);
    expect(noSelect.text).toMatch(/SOURCE_PERMISSION.*no SELECT on public.good/);
  });

  test('a table that does not exist', async () => {
    const { code, text } = await failure({ tables: ['public.god'] });
    expect(code).toBe(2);
    expect(text).toMatch(/SOURCE_TABLE_MISSING.*"public.god"/);
  });

  test('a table without a key that is to have a current-state table', async () => {
    await source.sql('CREATE TABLE keyless (n int)');
    const tableSettings = '{ public.keyless: { silver: true } }';
    const { code, text } = await failure({ tables: ['public.keyless'], tableSettings });
    expect(code).toBe(2);
    expect(text).toMatch(/SOURCE_KEY_MISSING.*public.keyless/);
  });

  test("someone else's publication that lacks the table", async () => {
    await source.sql('CREATE TABLE other (id int PRIMARY KEY)');
    await source.sql('CREATE PUBLICATION cdc FOR TABLE other');
    const { code, text } = await failure({ tables: ['public.good'] });
    expect(code).toBe(2);
    expect(text).toMatch(/SOURCE_PUBLICATION_INCOMPLETE.*ALTER PUBLICATION "cdc" ADD TABLE/);
  });

  test('a publication that leaves operations out', async () => {
    await source.sql("CREATE PUBLICATION cdc FOR ALL TABLES WITH (publish = 'insert')");
    const { code, text } = await failure({ tables: ['public.good'] });
    expect(code).toBe(2);
    expect(text).toMatch(/SOURCE_PUBLICATION_INCOMPLETE.*update, delete, truncate/);
  });
});

describe('the slot', () => {
  test('of another plugin is refused', async () => {
    await source.sql('SELECT pg_create_logical_replication_slot($1, $2)', [source.slot, 'test_decoding']);
    const { code, text } = await failure({ tables: ['public.good'] });
    expect(code).toBe(2);
    expect(text).toContain('SOURCE_SLOT_MISMATCH');
  });

  test('that another process holds is refused after a while', async () => {
    const holder = new pg.Client({ connectionString: source.database.url });
    await holder.connect();
    await holder.query("SELECT pg_advisory_lock(hashtext('hasivu-cdc-source'), hashtext($1))", [source.slot]);
    const { code, text } = await failure({ tables: ['public.good'] });
    await holder.end();
    expect(code).toBe(2);
    expect(text).toContain('SOURCE_SLOT_ACTIVE');
  }, 60_000);

  test('that was dropped is a loss, and a new name takes a new snapshot', async () => {
    await source.sql('INSERT INTO good VALUES (1)');
    const first = await source.start({ tables: ['public.good'] });
    await source.settled();
    await first.stop();
    await source.sql('SELECT pg_drop_replication_slot($1)', [source.slot]);
    await source.sql('DELETE FROM good; INSERT INTO good VALUES (2)');
    const lost = await failure({ tables: ['public.good'] });
    expect(lost.code).toBe(2);
    expect(lost.text).toContain('SOURCE_SLOT_LOST');
    await source.start({ tables: ['public.good'], slot: `${source.slot}_b` });
    await source.settled();
    const ops = (await source.events('public.good')).sort(
      (a, b) => Number(a.commitLsn - b.commitLsn) || a.seq - b.seq,
    );
    // The topic holds rows of the first copy, so the second begins with a truncate: the deleted row does not survive.
    expect(ops.map(({ op, after }) => [op, after?.['id']])).toEqual([
      ['r', 1],
      ['t', undefined],
      ['r', 2],
    ]);
  }, 60_000);

  test('that someone else moved is a loss', async () => {
    const first = await source.start({ tables: ['public.good'] });
    await source.settled();
    await first.stop();
    await source.sql('INSERT INTO good VALUES (2)');
    await source.sql('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [source.slot]);
    const { code, text } = await failure({ tables: ['public.good'] });
    expect(code).toBe(2);
    expect(text).toContain('SOURCE_SLOT_MOVED');
  }, 60_000);
});

test('a server that is away is waited for, with a reason', async () => {
  const url = new URL(source.database.url);
  url.port = '1';
  const service = await source.launch({ tables: ['public.good'], url: url.href });
  await waitFor('the reason to be given', async () => {
    expect(service.running).toBe(true);
    // A loaded machine takes its time to open the port.
    const ready = await fetch(`${service.url}/readyz`).catch(() => null);
    return ready?.status === 503 && (await ready.text()).includes('SOURCE_UNREACHABLE');
  });
  expect(await service.stop()).toMatchObject({ code: 0 });
}, 60_000);
