import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { postgresPrograms, testDatabase, uniqueName, type TestDatabase } from '@hasivu/testing';

import { childrenCpuSeconds } from '../process-cpu.ts';

/** How a table's rows are copied into another one with Postgres' own tools. */
export interface DumpTool {
  readonly description: string;
  /** Shell command that copies the rows. */
  readonly script: string;
  /** Directory of its programs. */
  readonly programs: string;
}

/** `pg_dump --data-only | psql`, both of the newest PostgreSQL: an older one refuses to dump a newer server. */
export async function dumpTool(): Promise<DumpTool> {
  return {
    description: 'pg_dump --data-only | psql',
    script: `pg_dump --data-only --table=public.orders "$FROM" | psql -qX -v ON_ERROR_STOP=1 "$TO"`,
    programs: await postgresPrograms(),
  };
}

/**
 * Runs the copy to its end, into an empty table of another database. CPU-seconds are those of the client programs.
 * @param create statement that makes the empty table
 */
export async function restoreCopy(
  tool: DumpTool,
  database: TestDatabase,
  signal: AbortSignal,
  create: string,
): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  await using target = await testDatabase(uniqueName('restored'));
  await target.query(create);
  const before = childrenCpuSeconds();
  const beganMs = performance.now();
  const child = spawn('sh', ['-ec', tool.script], {
    env: { PATH: `${tool.programs}:${process.env['PATH'] ?? ''}`, FROM: database.url, TO: target.url },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${tool.description} ended with ${code}`);
  return { seconds: (performance.now() - beganMs) / 1000, cpuSeconds: childrenCpuSeconds() - before };
}
