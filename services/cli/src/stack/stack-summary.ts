import { join } from 'node:path';
import {
  PART_NAMES,
  publicAddress,
  readStackStatus,
  type PartName,
  type StackStatus,
} from '@hasivu/local-stack';

/** What people and tools see of the stack without its credentials. */
export interface StackSummary {
  readonly state: StackStatus['state'];
  readonly parts: readonly { readonly name: PartName; readonly state: string; readonly address: string }[];
}

/** Folder of the stack that the commands share: `stack` in the state folder. */
export function stackDirectory(context: { readonly stateDir: string }): string {
  return join(context.stateDir, 'stack');
}

export async function readStackSummary(context: { readonly stateDir: string }): Promise<StackSummary> {
  const status = await readStackStatus(stackDirectory(context));
  return status ? summarizeStack(status) : { state: 'stopped', parts: [] };
}

export function summarizeStack(status: StackStatus): StackSummary {
  return {
    state: status.state,
    parts: PART_NAMES.map((name) => ({
      name,
      state: status[name].state,
      address: publicAddress(status, name),
    })),
  };
}
