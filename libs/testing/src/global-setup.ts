import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack, type StackStatus } from '@hasivu/local-stack';
import { environment } from './python.ts';

/** What jest says of the project whose tests are to run. */
interface Project {
  readonly globals: { readonly hasivuPostgresVersion?: string };
}

/**
 * One stack for the whole run, in the foreground of the test process: it ends when that ends, however it ends. With
 * HASIVU_TEST_STACK set the run attaches to the stack whose status file that is; a project that needs another version
 * of PostgreSQL than the usual one then starts that server alone.
 */
export default async function setUp(_jest: unknown, { globals }: Project): Promise<void> {
  await environment('requirements-test.txt');
  const existing = process.env['HASIVU_TEST_STACK'];
  const version = globals.hasivuPostgresVersion;
  if (existing !== undefined && version === undefined) return;
  // Servers of a test's own take it too: the workers inherit it.
  if (version !== undefined) process.env['HASIVU_POSTGRES_VERSION'] = version;
  const report = (line: string): void => void process.stderr.write(`stack: ${line}\n`);
  const stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-test-'));
  // PostgreSQL may run as another user and has to walk here.
  chmodSync(stateDirectory, 0o755);
  const env = {
    ...process.env,
    ...(version === undefined ? {} : { HASIVU_POSTGRES_URL: '' }),
    ...(existing === undefined ? {} : allButPostgres(existing)),
  };
  const stack = await startStack({ stateDirectory, mode: 'foreground', ephemeral: true, report, env });
  process.env['HASIVU_TEST_STACK'] = join(stack.status.stateDirectory, 'status.json');
  (globalThis as { hasivuStack?: typeof stack }).hasivuStack = stack;
}

/** The servers of a running stack as the environment names existing ones. */
function allButPostgres(statusFile: string): NodeJS.ProcessEnv {
  const { kafka, registry, s3 } = JSON.parse(readFileSync(statusFile, 'utf8')) as StackStatus;
  return {
    HASIVU_KAFKA_BROKERS: kafka.brokers.join(','),
    HASIVU_REGISTRY_URL: registry.url,
    HASIVU_S3_ENDPOINT: s3.endpoint,
    HASIVU_S3_REGION: s3.region,
    HASIVU_S3_BUCKET: s3.bucket,
    HASIVU_S3_ACCESS_KEY_ID: s3.accessKeyId,
    HASIVU_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}
