import { restartWithMemorySettings } from '@hasivu/service-kit/process-memory';
import { FAILPOINTS } from './io/failpoint.ts';

restartWithMemorySettings(process.env, { growthPercent: 30, arenas: 1 });

// Loaded after it: what the first life loads is thrown away.
const { armedFailpoint, runService } = await import('@hasivu/service-kit');
const { lakeKeeper } = await import('./service.ts');

const failpoint = armedFailpoint(FAILPOINTS, process.env['HASIVU_FAILPOINT']);
process.exit(
  await runService(lakeKeeper(failpoint), {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
