import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** A process that nobody here can look for tells so often that it lives. */
const HEARTBEAT_MS = 600_000;
/** One that has not told so for this long is dead: far longer than clocks differ or machines sleep. */
const SILENT_MS = 86_400_000;
/** Of a process's status, counted behind its name. */
const START_FIELD = 19;
/** Pid, where it is one, when the process began there, and what tells two folders of a process apart. */
const NAME = /^(?<pid>\d+)-(?<place>[0-9a-f]{12}|unknown)-(?<start>\d+)-[0-9a-f]{12}$/u;
/** As earlier versions named folders. */
const BARE_PID = /^(?<pid>\d+)$/u;

/** A folder that is one user's alone, also where another in this process or of the same pid elsewhere has one. */
export interface OwnFolder {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/**
 * Makes a folder for the caller alone, and removes those that dead processes left beside it. The parent may be a volume of several
 * containers: pids say nothing there.
 */
export async function ownFolder(parent: string, prefix: string): Promise<OwnFolder> {
  const place = await processPlace();
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    // One that is not ours to remove is no reason not to start.
    if (await isLeft(path, name.slice(prefix.length), place))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
  const start = (await startOf(process.pid)) ?? '0';
  const path = join(
    parent,
    `${prefix}${process.pid}-${place ?? 'unknown'}-${start}-${randomBytes(6).toString('hex')}`,
  );
  await mkdir(path);
  const heartbeat = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS).unref();
  return {
    path,
    remove: async () => {
      clearInterval(heartbeat);
      await rm(path, { recursive: true, force: true });
    },
  };
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

/** Whether the folder is one of a process that is surely dead. */
async function isLeft(path: string, name: string, place: string | null): Promise<boolean> {
  const bare = BARE_PID.exec(name)?.groups;
  if (bare !== undefined) return !isAlive(Number(bare['pid'])) && (await isSilent(path));
  const owner = NAME.exec(name)?.groups;
  if (owner === undefined) return false;
  if (place === null || owner['place'] !== place) return await isSilent(path);
  const pid = Number(owner['pid']);
  if (!isAlive(pid)) return true;
  // Its number may have gone to another; of whom nothing can be read, nothing is removed.
  const start = await startOf(pid);
  return start !== null && start !== owner['start'];
}

async function isSilent(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  return facts !== null && Date.now() - facts.mtimeMs > SILENT_MS;
}

/** Names the boot and the pid namespace: within one, a pid and its start are one process. Null where nothing tells. */
async function processPlace(): Promise<string | null> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const namespace = await readlink('/proc/self/ns/pid');
    return createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 12);
  } catch {
    return null;
  }
}

/** When the process began, in ticks since the boot; null where that cannot be read. */
async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The program's name, in parentheses, may hold anything.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
