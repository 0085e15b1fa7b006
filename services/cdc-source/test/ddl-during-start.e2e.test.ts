import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

import { waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { SourceUnderTest } from './source-under-test.ts';

const OPTIONS = { tables: ['public.items'] };

let source: SourceUnderTest;
let other: pg.Client;

beforeEach(async () => {
  source = await SourceUnderTest.create('ddl_start');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  await source.sql('INSERT INTO items VALUES (1)');
  other = new pg.Client({ connectionString: source.database.url });
  await other.connect();
});

afterEach(async () => {
  await other.end();
  await source[Symbol.asyncDispose]();
});

/** Waits until /readyz gives a reason that fits. */
async function waitsWith(url: string, reason: RegExp): Promise<void> {
  await waitFor(`the reason ${String(reason)}`, async () => {
    // A loaded machine takes its time to open the port.
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    const said = (await answer?.text())?.replaceAll('\\"', '"');
    expect(said).toMatch(reason);
    return true;
  });
}

test('a column that comes between the look at a table and its lock is in the copy', async () => {
  // The second connection asks which server this is, when tables and publication are read: it waits for the change.
  const { hostname, port } = new URL(source.database.url);
  const changed = Promise.withResolvers<void>();
  let connections = 0;
  const proxy = createServer((client) => {
    const pass = (): void => {
      const server = connect(Number(port), hostname);
      for (const socket of [client, server]) socket.on('error', () => undefined);
      client.pipe(server).pipe(client);
    };
    if (++connections === 2) void changed.promise.then(pass);
    else pass();
  })
    .listen(0, '127.0.0.1')
    .unref();
  await once(proxy, 'listening');
  const url = new URL(source.database.url);
  url.port = String((proxy.address() as AddressInfo).port);
  const service = await source.launch({ ...OPTIONS, url: url.href });
  await waitFor('the second connection', () => Promise.resolve(connections === 2));
  await source.sql('ALTER TABLE items ADD COLUMN note text DEFAULT $$there$$');
  changed.resolve();
  await service.waitReady();
  await source.settled();
  expect((await source.events('public.items')).map(({ after }) => after)).toEqual([{ id: 1, note: 'there' }]);
  await service.stop();
  proxy.close();
});

test('a long transaction that holds up the start is named, and what it wants of the tables is let go first', async () => {
  await other.query('CREATE TABLE aside (id int)');
  await other.query("SET application_name = 'long job'");
  await other.query('BEGIN');
  await other.query('INSERT INTO aside VALUES (1)');
  const service = await source.launch(OPTIONS);
  await waitsWith(
    service.url,
    /creating the replication slot "\w+": waiting for server process \d+ \("long job", idle in transaction for \d+ s\)/,
  );
  // Waits for the copy's lock, while the copy waits for the end of this transaction.
  await other.query('ALTER TABLE items ADD COLUMN note text DEFAULT $$there$$');
  await other.query('COMMIT');
  await service.waitReady();
  await source.settled();
  expect((await source.events('public.items')).map(({ after }) => after)).toEqual([{ id: 1, note: 'there' }]);
  expect(service.output.join('\n').replaceAll('\\"', '"')).toMatch(
    /SOURCE_SNAPSHOT_FAILED.*"long job".*the copy lets go first/,
  );
});

test('a stop does not wait for a long transaction', async () => {
  await other.query('CREATE TABLE aside (id int)');
  await other.query('BEGIN');
  await other.query('INSERT INTO aside VALUES (1)');
  const service = await source.launch(OPTIONS);
  await waitsWith(service.url, /creating the replication slot/);
  expect(await service.stop()).toMatchObject({ code: 0 });
  expect(await source.sql('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [source.slot])).toEqual(
    [],
  );
});
