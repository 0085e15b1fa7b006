import pg from 'pg';
import { demandSuffix } from './server-suffix.ts';
import { stack } from './stack.ts';
import { uniqueName } from './unique-name.ts';

const SLOT_FREE_WITHIN_MS = 10_000;

/** A database of this test alone. Disposing it ends its connections, drops its replication slots and itself. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** `postgres://…` of a superuser, so that a test can create roles, publications and slots. */
  readonly url: string;
  readonly query: <R extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    values?: unknown[],
  ) => Promise<R[]>;
}

export async function testDatabase(label?: string): Promise<TestDatabase> {
  demandSuffix('testDatabase()', 'postgres');
  const server = stack().postgres.url;
  const name = uniqueName(label);
  await once(server, async (admin) => {
    await admin.query(`CREATE DATABASE "${name}"`);
  });
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 4 });
  // A test that stops the server breaks idle connections; the next query says so where it matters.
  pool.on('error', () => undefined);
  return {
    name,
    url: url.href,
    query: async <R extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await pool.query<R>(sql, values)).rows,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await once(server, (admin) => dropDatabase(admin, name));
    },
  };
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  const deadline = performance.now() + SLOT_FREE_WITHIN_MS;
  for (;;) {
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    // A walsender that was told to end holds its slot for a moment more.
    const idle =
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1 AND NOT active';
    await admin.query(idle, [name]);
    const left = await admin.query('SELECT slot_name FROM pg_replication_slots WHERE database = $1', [name]);
    if (left.rowCount === 0) break;
    if (performance.now() > deadline) throw new Error(`the slots of ${name} are still in use`);
  }
  await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
}

async function once(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
