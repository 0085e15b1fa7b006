import { restartWithMemorySettings } from '@hasivu/service-kit/process-memory';

restartWithMemorySettings(process.env);

// Loaded after it: what the first life loads is thrown away.
const { runService } = await import('@hasivu/service-kit');
const { streamProcessor } = await import('./service.ts');

process.exit(
  await runService(streamProcessor, {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
