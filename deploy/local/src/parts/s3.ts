import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portOf, type StackPlan } from '../stack-plan.ts';
import { ensureBucket } from './s3-probe.ts';
import { serverEnvironment, type ServerPart } from './server-part.ts';

const BUCKET = 'lake';
const REGION = 'us-east-1';

/** Volumes grow as they fill; the default makes seven per bucket at once, each with files of its own. */
const MASTER_SETTINGS = '[master.volume_growth]\ncopy_1 = 1\ncopy_2 = 1\ncopy_3 = 1\ncopy_other = 1\n';

export function s3Facts(plan: StackPlan) {
  const { accessKeyId, secretAccessKey } = plan.facts;
  return {
    endpoint: `http://127.0.0.1:${portOf(plan, 's3')}`,
    region: REGION,
    bucket: BUCKET,
    accessKeyId,
    secretAccessKey,
  };
}

export function s3Part(plan: StackPlan, tools: NonNullable<StackPlan['s3']>): ServerPart {
  const home = join(plan.stateDirectory, 's3');
  const identities = join(home, 'identities.json');
  const port = (name: Parameters<typeof portOf>[1]): string => String(portOf(plan, name));
  const flags: Readonly<Record<string, string>> = {
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    dir: join(home, 'data'),
    'master.port': port('master'),
    'master.port.grpc': port('masterGrpc'),
    'master.telemetry': 'false',
    'master.volumeSizeLimitMB': '1024',
    'volume.port': port('volume'),
    'volume.port.grpc': port('volumeGrpc'),
    'volume.max': '0',
    'volume.preStopSeconds': '0',
    filer: 'true',
    'filer.port': port('filer'),
    'filer.port.grpc': port('filerGrpc'),
    s3: 'true',
    's3.port': port('s3'),
    's3.port.grpc': port('s3Grpc'),
    's3.port.iceberg': '0',
    's3.port.lance': '0',
    's3.config': identities,
  };
  return {
    name: 's3',
    launch: {
      command: tools.weed,
      args: ['-v=0', 'server', ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)],
      env: serverEnvironment(),
      // It reads master.toml from where it runs.
      cwd: home,
      user: null,
    },
    stopSignals: [{ signal: 'SIGTERM', waitMs: 15_000 }],
    setUp: () => {
      mkdirSync(join(home, 'data'), { recursive: true });
      writeFileSync(join(home, 'master.toml'), MASTER_SETTINGS);
      const { accessKeyId, secretAccessKey } = plan.facts;
      const identity = {
        name: 'hasivu',
        credentials: [{ accessKey: accessKeyId, secretKey: secretAccessKey }],
        actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'],
      };
      writeFileSync(identities, JSON.stringify({ identities: [identity] }), { mode: 0o600 });
      return Promise.resolve();
    },
    probe: () => ensureBucket(s3Facts(plan)),
  };
}
