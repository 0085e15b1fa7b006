import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a running group writes down for `hasivu status` and for tools. */
export interface RunRecord {
  /** Process id of the supervisor. */
  readonly pid: number;
  readonly configPath: string;
  readonly startedAt: string;
  readonly services: readonly RunningService[];
}

export interface RunningService {
  readonly name: string;
  /** null while it waits for its restart. */
  readonly pid: number | null;
  readonly port: number;
}

export function runRecordPath(stateDir: string): string {
  return join(stateDir, 'run.json');
}

/** The record is replaced as a whole: a reader never sees half of it. */
export function writeRunRecord(stateDir: string, record: RunRecord): void {
  const path = runRecordPath(stateDir);
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${record.pid}`;
  writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(draft, path);
}

/** The record of the last group, or null; `alive` says whether its supervisor still runs. */
export function readRunRecord(stateDir: string): (RunRecord & { readonly alive: boolean }) | null {
  let record: RunRecord;
  try {
    record = JSON.parse(readFileSync(runRecordPath(stateDir), 'utf8')) as RunRecord;
  } catch {
    return null;
  }
  return { ...record, alive: isAlive(record.pid) };
}

/** Removes the record, unless another group has written its own meanwhile. */
export function removeRunRecord(stateDir: string, pid: number): void {
  if (readRunRecord(stateDir)?.pid === pid) rmSync(runRecordPath(stateDir), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
