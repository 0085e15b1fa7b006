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
    // Its own default is ten seconds, which a lone master waits out after every crash.
    'master.electionTimeout': '1s',
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
    // Its filer waits for its own gateway's open stream and never ends by itself; by then the volumes are closed.
    stopSignals: [{ signal: 'SIGTERM', waitMs: 1_500 }],
    leftovers: localSockets(plan),
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

/** Sockets it makes in /tmp, named by port, and leaves there when it is killed. */
function localSockets(plan: StackPlan): string[] {
  const grpc = (['filerGrpc', 'masterGrpc', 's3Grpc', 'volumeGrpc'] as const).map(
    (name) => `${name.replace('Grpc', '-grpc')}-${portOf(plan, name)}`,
  );
  const names = [...grpc, `filer-${portOf(plan, 'filer')}`, `s3-${portOf(plan, 's3')}`];
  return names.map((name) => `/tmp/seaweedfs-${name}.sock`);
}
