import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { postgresPrograms } from '@hasivu/testing';

/** Runs pgbench (PostgreSQL's own load generator) and resolves with what it printed. */
export async function pgbench(url: string, args: readonly string[]): Promise<string> {
  const command = join(await postgresPrograms(), 'pgbench');
  return await new Promise((resolve, reject) => {
    const child = spawn(command, [...args, url], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`pgbench ended with ${code}: ${output.slice(-2_000)}`)),
    );
  });
}
