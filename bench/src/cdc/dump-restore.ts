import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import type { TestDatabase } from '@hasivu/testing';

import { childrenCpuSeconds } from '../process-cpu.ts';

/** How a table's rows are copied into another one with Postgres' own tools. */
export interface DumpTool {
  readonly description: string;
  /** Shell command that writes the rows as a script for `psql`, or as COPY data. */
  readonly script: string;
}

/**
 * `pg_dump --data-only | psql` where the machine's pg_dump is as new as the server; an older one refuses, and then two
 * `psql` move the same bytes by COPY. @throws Error when there is no psql
 */
export async function dumpTool(database: TestDatabase): Promise<DumpTool> {
  const [row] = await database.query<{ major: number }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  if (majorOf('psql') === 0) throw new Error('the snapshot part needs psql: install the PostgreSQL client');
  if (majorOf('pg_dump') >= (row?.major ?? 0)) {
    const rename = `sed -u 's/^COPY public\\.orders /COPY public.orders_copy /'`;
    return {
      description: 'pg_dump --data-only | psql',
      script: `pg_dump --data-only --table=public.orders "$URL" | ${rename} | psql -qX -v ON_ERROR_STOP=1 "$URL"`,
    };
  }
  return {
    description: 'psql COPY TO STDOUT | psql COPY FROM STDIN, as this pg_dump is older than the server',
    script: `psql -qX -c 'COPY public.orders TO STDOUT' "$URL" | psql -qX -v ON_ERROR_STOP=1 -c 'COPY public.orders_copy FROM STDIN' "$URL"`,
  };
}

/** Runs the copy to its end. CPU-seconds are those of the client programs. */
export async function restoreCopy(
  tool: DumpTool,
  database: TestDatabase,
  signal: AbortSignal,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const before = childrenCpuSeconds();
  const beganMs = performance.now();
  const child = spawn('sh', ['-ec', tool.script], {
    env: { PATH: process.env['PATH'], URL: database.url },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${tool.description} ended with ${code}`);
  return { seconds: (performance.now() - beganMs) / 1000, cpuSeconds: childrenCpuSeconds() - before };
}

/** 15 for "psql (PostgreSQL) 15.18 (Debian …)", 0 where the program is missing. */
function majorOf(program: string): number {
  const printed = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  return Number(/\(PostgreSQL\) (\d+)/.exec(printed)?.[1] ?? 0);
}
