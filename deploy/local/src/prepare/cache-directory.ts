import { createHash } from 'node:crypto';
import { type Dirent, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from '../file-lock.ts';
import type { Report } from '../report.ts';

const LOCK_TIMEOUT_MS = 30 * 60_000;
const PROGRESS_EVERY_MS = 5_000;

/** Where downloads are kept, shared by all checkouts of one user. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env['HASIVU_CACHE_DIR'] ??
    join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'hasivu')
  );
}

/**
 * A directory that `fill` makes once. Its name carries a hash of `recipe` (the file with the pinned versions), so a new
 * version is a new directory; a marker written last tells a finished one from one cut short, which is made again.
 */
export async function cachedDirectory(
  options: {
    readonly name: string;
    readonly label: string;
    readonly recipe: string;
    readonly cache: string;
    readonly report: Report;
  },
  fill: (directory: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(options.recipe).digest('hex').slice(0, 12);
  const directory = join(options.cache, `${options.name}-${hash}`);
  const marker = join(directory, '.complete');
  if (existsSync(marker)) return directory;
  const lock = join(options.cache, `${options.name}.lock`);
  const onWait = (): void => options.report(`${options.label}: another start is downloading it, waiting`);
  return await withFileLock(lock, { timeoutMs: LOCK_TIMEOUT_MS, onWait }, async () => {
    if (existsSync(marker)) return directory;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    options.report(`${options.label}: downloading (once)`);
    const startedMs = performance.now();
    const seconds = (): number => Math.round((performance.now() - startedMs) / 1000);
    // Maven and pip show nothing here until they have a file whole, so the time tells that it goes on.
    const progress = (): void =>
      options.report(`${options.label}: ${megabytes(directory)} MB after ${seconds()} s`);
    const timer = setInterval(progress, PROGRESS_EVERY_MS);
    try {
      await fill(directory);
    } finally {
      clearInterval(timer);
    }
    writeFileSync(marker, '');
    options.report(`${options.label}: ${megabytes(directory)} MB in ${seconds()} s`);
    return directory;
  });
}

function megabytes(directory: string): number {
  return Math.round(bytesIn(directory) / 1e6);
}

/** Size of the files below a directory; links are not followed, so nothing counts twice. */
function bytesIn(directory: string): number {
  let bytes = 0;
  for (const entry of entriesOf(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += bytesIn(path);
    else if (entry.isFile()) bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** pip and Maven rename and delete while we count: a directory that has just gone has no entries. */
function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
