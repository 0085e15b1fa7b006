import { Client } from 'pg';
import type { StackStatus } from '@hasivu/local-stack';
import { DEMO_DATABASE_PREFIX } from './demo-names.ts';
import { databaseUrl } from './demo-config.ts';

/** A connection that ends by itself when the block is left. */
export interface DatabaseClient extends AsyncDisposable {
  readonly client: Client;
}

export async function openDatabase(url: string): Promise<DatabaseClient> {
  const client = new Client({ connectionString: url, application_name: 'hasivu demo' });
  // Without a listener a server that goes away would end the process; the next query reports it where it matters.
  client.on('error', () => {});
  await client.connect();
  await client.query(`SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; SET extra_float_digits = 1`);
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

export async function createDemoDatabase(stack: StackStatus, database: string): Promise<string> {
  await using server = await openDatabase(stack.postgres.url);
  await server.client.query(`CREATE DATABASE "${database}" ENCODING 'UTF8' TEMPLATE template0`);
  return databaseUrl(stack, database);
}

/** Drops the databases and slots of earlier runs; an idle slot would keep the server from ever removing its log. */
export async function dropEarlierDatabases(stack: StackStatus): Promise<number> {
  await using server = await openDatabase(stack.postgres.url);
  const { rows } = await server.client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)',
    [DEMO_DATABASE_PREFIX],
  );
  for (const { name } of rows) {
    await dropSlotsOf(server.client, name);
    await server.client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  }
  return rows.length;
}

export async function dropSlots(stack: StackStatus, database: string): Promise<void> {
  await using server = await openDatabase(stack.postgres.url);
  await dropSlotsOf(server.client, database);
}

async function dropSlotsOf(client: Client, database: string): Promise<void> {
  await client.query(
    'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active',
    [database],
  );
  for (let attempt = 0; attempt < 50; attempt += 1) {
    await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active',
      [database],
    );
    const { rowCount } = await client.query('SELECT 1 FROM pg_replication_slots WHERE database = $1', [
      database,
    ]);
    if (rowCount === 0) return;
    // A backend that was told to end holds its slot for a moment more.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
