#!/usr/bin/env node
import { runCli } from './program.ts';
import { describeError } from './terminal/print-error.ts';
import { createPaint } from './terminal/paint.ts';
import { streamSink } from './terminal/text-sink.ts';
import { askOnTerminal } from './terminal/ask.ts';
import { listenForInterrupts } from './interrupts.ts';
import { EXIT, exitCodeOf } from '@hasivu/errors';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const argv = process.argv.slice(2);
const out = streamSink(process.stdout);
const err = streamSink(process.stderr);
const interrupts = listenForInterrupts(process);
const verbose = argv.includes('--verbose');

// A reader that goes away early (`hasivu tail … | head`) ends the command quietly, as the shell expects.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
);

try {
  process.exitCode = await runCli(argv, {
    out,
    err,
    paint: createPaint({ isTty: out.isTty, env: process.env }),
    env: process.env,
    cwd: process.cwd(),
    root,
    stateDir: resolve(process.env['HASIVU_STATE_DIR'] || resolve(root, '.hasivu')),
    nodePath: process.execPath,
    verbose,
    ask: askOnTerminal(process.stdin, process.stderr, interrupts.stop),
    stop: interrupts.stop,
    kill: interrupts.kill,
  });
} catch (error) {
  const interrupted = interrupts.stop.aborted && error instanceof Error && error.name === 'AbortError';
  if (!interrupted)
    err.write(
      `${describeError(error, { verbose, paint: createPaint({ isTty: err.isTty, env: process.env }) })}\n`,
    );
  process.exitCode = interrupted ? EXIT.interrupted : exitCodeOf(error);
}
// Idle sockets of clients must not hold the prompt back once the answer is out.
process.stdout.write('', () => process.exit(process.exitCode));
