import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { CliContext } from './cli-context.ts';

/**
 * Absolute path of a file that a person named. `npm run` moves to the top of the workspace and keeps the folder the
 * command was typed in as INIT_CWD: a path that is not found from here is looked for from there.
 */
export function resolveNamedFile(context: Pick<CliContext, 'cwd' | 'env'>, path: string): string {
  if (isAbsolute(path)) return path;
  const here = resolve(context.cwd, path);
  const typedIn = context.env['INIT_CWD'];
  if (existsSync(here) || typedIn === undefined) return here;
  const there = resolve(typedIn, path);
  return existsSync(there) ? there : here;
}
