import { serverVersion } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import pg from 'pg';

import { SourceUnderTest } from './source-under-test.ts';

test('origin: none leaves out what replication wrote, and nothing else', async () => {
  await using source = await SourceUnderTest.create('origin');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const options = { tables: ['public.items'], postgres: 'origin: none' };
  if ((await serverVersion(source.database)) < 16) {
    await source.sql('INSERT INTO items VALUES (1)');
    await source.refused(options, /SOURCE_SERVER_TOO_OLD.*origin: none, which needs server version 16/);
    return;
  }
  await source.start(options);
  const origin = source.slot;
  const replicating = new pg.Client({ connectionString: source.database.url });
  await replicating.connect();
  try {
    await replicating.query('SELECT pg_replication_origin_create($1)', [origin]);
    await replicating.query('SELECT pg_replication_origin_session_setup($1)', [origin]);
    await replicating.query('INSERT INTO items VALUES (1)');
    await source.sql('INSERT INTO items VALUES (2)');
    await replicating.query('UPDATE items SET id = 3 WHERE id = 2');
    await replicating.query('SELECT pg_replication_origin_session_reset()');
    await replicating.query('INSERT INTO items VALUES (4)');
    await replicating.query('SELECT pg_replication_origin_drop($1)', [origin]);
  } finally {
    await replicating.end();
  }
  await source.settled();
  const ids = (await source.events('public.items')).map((event) => event.after?.['id']);
  expect(ids.sort()).toEqual([2, 4]);
}, 120_000);
