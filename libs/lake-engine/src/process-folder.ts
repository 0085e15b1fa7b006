import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a folder for this process alone, and removes those that dead processes left beside it. */
export async function ownFolder(parent: string, prefix: string): Promise<string> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN;
    if (Number.isInteger(pid) && !isAlive(pid))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, `${prefix}${process.pid}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The files of a folder, the least recently used first. */
export async function keptFiles(
  folder: string,
): Promise<{ readonly path: string; readonly sizeBytes: number }[]> {
  const found: { path: string; sizeBytes: number; usedMs: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts?.isFile()) found.push({ path, sizeBytes: facts.size, usedMs: facts.mtimeMs });
  }
  return found.sort((left, right) => left.usedMs - right.usedMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
