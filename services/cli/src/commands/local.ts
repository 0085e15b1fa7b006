import { EXIT, PlatformError } from '@hasivu/errors';
import {
  readStackStatus,
  startStack,
  stopStack,
  type RunningStack,
  type StackStatus,
} from '@hasivu/local-stack';
import type { CliContext } from '../cli-context.ts';
import { orInterrupted, untilAborted } from '../interrupts.ts';
import { stackDirectory, summarizeStack } from '../stack/stack-summary.ts';

export interface StackUpOptions {
  readonly json: boolean;
  readonly foreground: boolean;
}

/** Starts the stack or joins the one that runs; with `foreground` it stays until the first signal and stops it then. */
export async function stackUp(context: CliContext, options: StackUpOptions): Promise<number> {
  const stack = await startOrLeave(context, options.foreground ? 'foreground' : 'detached');
  show(stack.status, context, options.json);
  if (!options.foreground || !stack.startedHere) return EXIT.ok;
  await untilAborted(context.stop);
  context.err.write(`${context.paint.dim('stopping the stack')}\n`);
  await stack.stop();
  return context.stop.reason === 'SIGTERM' ? EXIT.ok : EXIT.interrupted;
}

/** Ctrl-C while the servers start stops what has been started: nothing half-up is left behind. */
async function startOrLeave(context: CliContext, mode: StackStatus['mode']): Promise<RunningStack> {
  const stateDirectory = stackDirectory(context);
  // Progress goes to stderr: stdout holds the one object that --json promises.
  const report = (line: string): void => context.err.write(`${context.paint.dim(line)}\n`);
  try {
    return await orInterrupted(
      startStack({ stateDirectory, mode, report, env: { ...context.env } }),
      context.stop,
    );
  } catch (error) {
    if (context.stop.aborted) await stopStack(stateDirectory);
    throw error;
  }
}

export async function stackDown(context: CliContext, options: { readonly json: boolean }): Promise<number> {
  const stopped = await stopStack(stackDirectory(context));
  if (options.json) context.out.write(`${JSON.stringify({ stopped })}\n`);
  else
    context.out.write(
      stopped ? 'the local stack is stopped; its data stays\n' : 'the local stack was not running\n',
    );
  return EXIT.ok;
}

/** Exit code 1 when the stack is not up. @throws PlatformError CLI_STACK_DOWN where it never was, without --json */
export async function stackStatus(context: CliContext, options: { readonly json: boolean }): Promise<number> {
  const status = await readStackStatus(stackDirectory(context));
  if (!status && !options.json)
    throw new PlatformError('CLI_STACK_DOWN', { doing: 'reading the state of the local stack' });
  if (status) show(status, context, options.json);
  else context.out.write(`${JSON.stringify({ version: 1, state: 'stopped' })}\n`);
  return status?.state === 'running' ? EXIT.ok : EXIT.failed;
}

function show(status: StackStatus, context: CliContext, json: boolean): void {
  if (json) {
    context.out.write(`${JSON.stringify(status)}\n`);
    return;
  }
  const { paint } = context;
  const { state, parts } = summarizeStack(status);
  context.out.write(
    `${paint.bold('local stack')} ${state === 'running' ? paint.green(state) : paint.yellow(state)} in ${status.stateDirectory}\n`,
  );
  for (const part of parts)
    context.out.write(`  ${part.name.padEnd(10)}${part.state.padEnd(10)}${part.address}\n`);
  context.out.write(paint.dim('  credentials: hasivu local status --json\n'));
}
