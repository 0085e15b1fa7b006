import { restartWithMemorySettings } from '@hasivu/service-kit/process-memory';

import { armFailpoint } from './failpoints.ts';

restartWithMemorySettings(process.env);
armFailpoint(process.env);

// Loaded after it: what the first life loads is thrown away.
const { runService } = await import('@hasivu/service-kit');
const { cdcSource } = await import('./service.ts');

process.exit(
  await runService(cdcSource, {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
