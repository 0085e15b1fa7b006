import { runService } from '@hasivu/service-kit';

import { cdcSource } from './service.ts';

process.exit(
  await runService(cdcSource, {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
