import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Root of this checkout. */
export const WORKSPACE_ROOT = resolve(import.meta.dirname, '../../..');

/** Where a stack lives when nobody says otherwise: inside the checkout, ignored by git. */
export const DEFAULT_STATE_DIRECTORY = join(WORKSPACE_ROOT, '.hasivu', 'stack');

/** The files of one stack. Those with credentials are readable by their owner only. */
export function stateFiles(stateDirectory: string) {
  const at = (name: string): string => join(stateDirectory, name);
  return {
    status: at('status.json'),
    control: at('control.json'),
    plan: at('plan.json'),
    facts: at('facts.json'),
    lock: at('start.lock'),
    keeperLog: at('keeper.log'),
    log: (part: string): string => at(`${part}.log`),
    data: (part: string): string => at(part),
  } as const;
}

/** Writes through a rename, so that a reader sees the old text or the new one and never a part of it. */
export function writePrivateJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** The parsed file, or null when it is not there or cut short. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
