import { runService } from '@hasivu/service-kit';

import { streamProcessor } from './service.ts';

process.exit(
  await runService(streamProcessor, {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
