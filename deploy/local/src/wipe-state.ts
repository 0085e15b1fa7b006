import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StackPlan } from './stack-plan.ts';
import { readJson, stateFiles } from './state-directory.ts';

/** Deletes a stopped stack's data, logs and credentials, also what PostgreSQL keeps in a shared place. */
export function wipeState(stateDirectory: string): void {
  const plan = readJson(stateFiles(stateDirectory).plan) as StackPlan | null;
  const data = plan?.postgres?.dataDirectory;
  if (data !== undefined && !data.startsWith(stateDirectory))
    rmSync(dirname(data), { recursive: true, force: true });
  rmSync(stateDirectory, { recursive: true, force: true });
}
