import { restartWithMemorySettings } from '@hasivu/service-kit/process-memory';
import { FAILPOINTS, type FailpointName } from './io/failpoint.ts';

restartWithMemorySettings(process.env);

// Loaded after it: what the first life loads is thrown away.
const { runService } = await import('@hasivu/service-kit');
const { lakeKeeper } = await import('./service.ts');

/** `HASIVU_FAILPOINT=optimize-committed:3` kills the process the third time that place is reached; for tests only. */
function armedFailpoint(setting: string | undefined): (name: FailpointName) => void {
  if (setting === undefined || setting === '') return () => undefined;
  const [armed, count] = setting.split(':');
  if (!FAILPOINTS.some((name) => name === armed))
    throw new TypeError(`HASIVU_FAILPOINT names no place: ${armed}`);
  let left = Number(count ?? 1);
  return (name) => {
    if (name !== armed) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

const failpoint = armedFailpoint(process.env['HASIVU_FAILPOINT']);
process.exit(
  await runService(lakeKeeper(failpoint), {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
  }),
);
