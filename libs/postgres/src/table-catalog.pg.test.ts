import { testDatabase, type TestDatabase } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { CatalogSession } from './catalog-session.ts';
import { tablesOfSchemas } from './table-catalog.ts';

let database: TestDatabase;
let session: CatalogSession;

beforeAll(async () => {
  database = await testDatabase('catalog');
  session = await CatalogSession.open({ url: database.url, applicationName: 'table catalog test' });
});

afterAll(async () => {
  await session.close();
  await database[Symbol.asyncDispose]();
});

async function initials(table: string): Promise<Record<string, string | null>> {
  const tables = await tablesOfSchemas(session, ['public']);
  const columns = tables.find((one) => one.table === table)?.columns ?? [];
  return Object.fromEntries(columns.map(({ name, initial }) => [name, initial]));
}

test('what rows have that were there before a column is what the server prints of it, whatever its type', async () => {
  await database.query('CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1)');
  const defaults = [
    ['box', '(1,1),(0,0)'],
    ['box[]', '{(1,1),(0,0);(2,2),(1,1)}'],
    ['text', ''],
    ['text', 'NULL'],
    ['text', `it's "{é}", \\ `],
    ['text[]', '{"a,b",NULL,"NULL","c\\"d"}'],
    ['int[]', '{{1,2},{3,NULL}}'],
    ['int[]', '[0:1]={1,2}'],
    ['int[]', '{}'],
    ['bytea', '\\xdead'],
    ['int4range', '[1,5)'],
    ['point', '(1,2)'],
  ] as const;
  for (const [i, [type, value]] of defaults.entries())
    await database.query(`ALTER TABLE one ADD c${i} ${type} DEFAULT '${value.replaceAll("'", "''")}'`);
  const printed = defaults.map((_, i) => `c${i}::text`).join(', ');
  const [row] = await session.query<Record<string, string>>(
    'reading the row',
    `SELECT ${printed} FROM public.one`,
  );
  expect(await initials('one')).toEqual({ id: null, ...row });
});

test('what partitions of partitions say alike is told, though one of them is locked for good', async () => {
  await database.query(`
    CREATE TABLE logs (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE logs_a PARTITION OF logs FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
    CREATE TABLE logs_aa PARTITION OF logs_a FOR VALUES FROM (0) TO (10);
    CREATE TABLE logs_b PARTITION OF logs FOR VALUES FROM (10) TO (20);
    INSERT INTO logs VALUES (1, 1), (1, 11);
    ALTER TABLE logs ADD same int DEFAULT 5, ADD other int DEFAULT 6;
    CREATE TABLE logs_c (id int NOT NULL, day int NOT NULL, same int);
    INSERT INTO logs_c VALUES (1, 21);
    ALTER TABLE logs_c ADD other int DEFAULT 7;
    ALTER TABLE logs ATTACH PARTITION logs_c FOR VALUES FROM (20) TO (30)`);
  const holder = new pg.Client(database.url);
  await holder.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE logs_aa IN ACCESS EXCLUSIVE MODE');
    await session.query('not waiting for locks', "SET lock_timeout = '50ms'");
    expect(await initials('logs')).toEqual({ id: null, day: null, same: '5', other: null });
  } finally {
    await holder.end();
  }
});
