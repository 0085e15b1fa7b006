import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stack } from '@hasivu/testing';
import { KafkaCluster } from '../src/index.ts';

export const USER = { username: 'app', password: 'app-secret' } as const;

export interface SecuredBroker extends AsyncDisposable {
  /** Address of each listener. */
  readonly plain: string;
  readonly tls: string;
  readonly sasl: string;
  readonly saslTls: string;
  /** PEM file of the authority that signed the broker's certificate (for localhost). */
  readonly caFile: string;
}

/** A second broker of the stack's Kafka with TLS and SASL listeners; certificates are made for it with openssl. */
export async function startSecuredBroker(): Promise<SecuredBroker> {
  const { java, libDirectory } = stack().kafka as unknown as { java: string; libDirectory: string };
  const home = mkdtempSync(join(tmpdir(), 'kafka-secured-'));
  const caFile = createCertificates(home);
  const [plain = 0, tls = 0, sasl = 0, saslTls = 0, controller = 0] = await freePorts(5);
  const properties = join(home, 'server.properties');
  writeFileSync(properties, serverProperties(home, { plain, tls, sasl, saslTls, controller }));
  const javaArgs = [
    '-Xmx256m',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    '-cp',
    join(libDirectory, '*'),
  ];
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USER.username},password=${USER.password}]`,
  ]);
  const clusterId = randomBytes(16).toString('base64url');
  const format = ['format', '--cluster-id', clusterId, '--config', properties, ...scram];
  execFileSync(java, [...javaArgs, 'kafka.tools.StorageTool', ...format], { stdio: 'ignore' });
  const broker = spawn(java, [...javaArgs, 'kafka.Kafka', properties], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await ended(broker);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const brokers = [`127.0.0.1:${plain}`];
    (await KafkaCluster.connect({ brokers }, { clientId: 'probe', unavailableTimeoutMs: 60_000 })).close();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    plain: `localhost:${plain}`,
    tls: `localhost:${tls}`,
    sasl: `localhost:${sasl}`,
    saslTls: `localhost:${saslTls}`,
    caFile,
    [Symbol.asyncDispose]: stop,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

function createCertificates(home: string): string {
  const path = (name: string): string => join(home, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=test authority',
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
  );
  openssl(
    'req',
    ...newKey,
    '-subj',
    '/CN=localhost',
    '-keyout',
    path('server.key'),
    '-out',
    path('server.csr'),
  );
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost\n');
  const signing = [
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    path('names'),
  ];
  openssl('x509', '-req', '-in', path('server.csr'), ...signing, '-out', path('server.crt'));
  writeFileSync(
    path('server.pem'),
    readFileSync(path('server.key'), 'utf8') + readFileSync(path('server.crt'), 'utf8'),
  );
  return path('ca.pem');
}

async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of held) {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) ports.push(address.port);
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

type Ports = Record<'plain' | 'tls' | 'sasl' | 'saslTls' | 'controller', number>;

function serverProperties(home: string, ports: Ports): string {
  const listeners = [
    `PLAINTEXT://localhost:${ports.plain}`,
    `SSL://localhost:${ports.tls}`,
    `SASL_PLAINTEXT://localhost:${ports.sasl}`,
    `SASL_SSL://localhost:${ports.saslTls}`,
  ];
  const login = 'org.apache.kafka.common.security';
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@localhost:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [...listeners, `CONTROLLER://localhost:${ports.controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(home, 'data'),
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(home, 'server.pem'),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  };
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    settings[`listener.name.${listener}.plain.sasl.jaas.config`] =
      `${login}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`;
    for (const mechanism of ['scram-sha-256', 'scram-sha-512']) {
      settings[`listener.name.${listener}.${mechanism}.sasl.jaas.config`] =
        `${login}.scram.ScramLoginModule required;`;
    }
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
