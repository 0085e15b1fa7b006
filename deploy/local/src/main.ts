// `node deploy/local/src/main.ts up|down|status [--state DIR] [--foreground] [--wipe]`: the stack alone, for people
// who work on it. Everyone else uses `hasivu local`.
import { parseArgs } from 'node:util';
import { exitCodeOf } from '@hasivu/errors';
import { DEFAULT_STATE_DIRECTORY, readStackStatus, startStack, stopStack } from './index.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { state: { type: 'string' }, foreground: { type: 'boolean' }, wipe: { type: 'boolean' } },
});
const stateDirectory = values.state ?? DEFAULT_STATE_DIRECTORY;
const report = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

try {
  switch (positionals[0]) {
    case 'up': {
      const mode = values.foreground === true ? 'foreground' : 'detached';
      const stack = await startStack({ stateDirectory, mode, report });
      // Listened for before the status is printed: whoever reads that may interrupt at once.
      const interrupted = mode === 'foreground' ? interruption() : null;
      print(stack.status);
      if (interrupted === null) break;
      await interrupted;
      await stack.stop();
      break;
    }
    case 'down':
      report(
        (await stopStack(stateDirectory, { wipe: values.wipe === true })) ? 'stopped' : 'nothing was running',
      );
      break;
    case 'status':
      print(await readStackStatus(stateDirectory));
      break;
    default:
      report('usage: main.ts up|down|status [--state DIR] [--foreground] [--wipe]');
      process.exitCode = 2;
  }
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = exitCodeOf(error);
}

function interruption(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    const end = (): void => {
      clearInterval(alive);
      resolve();
    };
    process.once('SIGINT', end).once('SIGTERM', end);
  });
}
