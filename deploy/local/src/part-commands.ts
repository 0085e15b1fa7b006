import { PlatformError } from '@hasivu/errors';
import { askKeeper } from './control-client.ts';
import { DEFAULT_STATE_DIRECTORY, stateFiles } from './state-directory.ts';
import type { PartName, StackStatus } from './stack-status.ts';

/** Stops one server cleanly; its port and data stay reserved for the next start. */
export function stopPart(part: PartName, stateDirectory = DEFAULT_STATE_DIRECTORY): Promise<StackStatus> {
  return command(part, 'stop', stateDirectory);
}

/** Starts one server on the port and data it had; resolves when it is healthy. */
export function startPart(part: PartName, stateDirectory = DEFAULT_STATE_DIRECTORY): Promise<StackStatus> {
  return command(part, 'start', stateDirectory);
}

export function restartPart(part: PartName, stateDirectory = DEFAULT_STATE_DIRECTORY): Promise<StackStatus> {
  return command(part, 'restart', stateDirectory);
}

/** kill -9 of one server, as a crash would: nothing is flushed or said goodbye to. */
export function killPart(part: PartName, stateDirectory = DEFAULT_STATE_DIRECTORY): Promise<StackStatus> {
  return command(part, 'kill', stateDirectory);
}

async function command(
  part: PartName,
  verb: 'start' | 'stop' | 'restart' | 'kill',
  stateDirectory: string,
): Promise<StackStatus> {
  const doing = `asking the stack to ${verb} ${part}`;
  const answer = await askKeeper(stateDirectory, 'POST', `/parts/${part}/${verb}`);
  if (answer === null) throw new PlatformError('STACK_NOT_RUNNING', { doing });
  if (answer.httpStatus === 200) return answer.body;
  const why = `${answer.body.reason ?? 'it failed'} (log: ${stateFiles(stateDirectory).log(part)})`;
  throw new PlatformError('STACK_PART_FAILED', { doing, why, context: { part } });
}
