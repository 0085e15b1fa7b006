import { restartWithMemorySettings } from '@hasivu/service-kit/process-memory';
import { FAILPOINTS } from './io/failpoint.ts';

// Objects of a request or a flush die young, and what was promoted holds buffers outside of V8's heap: see the README.
restartWithMemorySettings(process.env, { youngGenerationMiB: 4, growthPercent: 30, arenas: 1 });

// Loaded after it: what the first life loads is thrown away.
const { armedFailpoint, runService } = await import('@hasivu/service-kit');
const { lakeSink } = await import('./service.ts');

const failpoint = armedFailpoint(FAILPOINTS, process.env['HASIVU_FAILPOINT']);
process.exit(
  await runService(lakeSink(failpoint), {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
