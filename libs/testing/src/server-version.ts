import type { TestDatabase } from './test-database.ts';

/** Major version of the server that a test's database is on, for claims that differ from version to version. */
export async function serverVersion(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS version",
  );
  if (!row) throw new Error('the server does not say which version it is');
  return row.version;
}
