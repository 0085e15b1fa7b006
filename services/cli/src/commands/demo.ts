import { EXIT, PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { DemoRun } from '../demo/demo-run.ts';

export interface DemoOptions {
  /** Length of the live load. */
  readonly seconds: number;
  readonly seed: number;
  /** Leave the stack and the services running. */
  readonly keep: boolean;
}

/** README's first command. @throws PlatformError DEMO_DIFFERENT when the lake is not equal to the source */
export async function runDemo(context: CliContext, options: DemoOptions): Promise<number> {
  await using run = new DemoRun(context, options);
  const equal = await run.play();
  if (context.stop.aborted) return EXIT.interrupted;
  if (equal) return EXIT.ok;
  throw new PlatformError('DEMO_DIFFERENT', { doing: 'comparing the lake with Postgres' });
}
