import type { CliContext } from './cli-context.ts';
import { createPaint } from './terminal/paint.ts';
import { MemorySink } from './terminal/text-sink.ts';

/** A context that collects its output, for tests of single commands. */
export function testContext(change: Partial<CliContext> = {}): {
  context: CliContext;
  out: MemorySink;
  err: MemorySink;
} {
  const out = new MemorySink();
  const err = new MemorySink();
  const context: CliContext = {
    out,
    err,
    paint: createPaint({ isTty: false, env: {} }),
    env: {},
    cwd: process.cwd(),
    root: process.cwd(),
    stateDir: '.hasivu',
    nodePath: process.execPath,
    verbose: false,
    ask: null,
    stop: new AbortController().signal,
    kill: new AbortController().signal,
    ...change,
  };
  return { context, out, err };
}
