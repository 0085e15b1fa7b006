import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { KafkaCluster } from '@hasivu/kafka';
import { CatalogSession, WireConnection, type PostgresTarget, type TlsFiles } from '@hasivu/postgres';
import { spawnService, stack, uniqueName, waitFor } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';

import { startSecuredBroker, USER } from '../../libs/kafka/test/secured-broker.ts';
import { PASSWORD, startSecuredPostgres, type SecuredPostgres } from './secured-postgres.ts';
import { secureRegistry, type SecuredRegistry } from './secured-registry.ts';
import { createTestCertificates, type TestCertificates } from './test-certificates.ts';

const REGISTRY_USER = { username: 'registry-user', password: 'registry-secret' };

type Broker = Awaited<ReturnType<typeof startSecuredBroker>>;

const home = mkdtempSync(join(tmpdir(), 'hasivu-secured-'));
let certificates: TestCertificates;
let postgres: SecuredPostgres;
let broker: Broker;
let registry: SecuredRegistry;

beforeAll(async () => {
  certificates = createTestCertificates(home, 'cert_user');
  [postgres, broker, registry] = await Promise.all([
    startSecuredPostgres(home, certificates),
    startSecuredBroker(),
    secureRegistry(stack().registry.url, certificates, REGISTRY_USER),
  ]);
}, 300_000);

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await broker[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

const urlOf = (user: string, password = PASSWORD, host = 'localhost'): string =>
  `postgres://${user}:${password}@${host}:${postgres.port}/postgres`;

const trust = (): TlsFiles => ({ caFile: certificates.authority, verify: true });
const withClient = (): TlsFiles => ({
  ...trust(),
  certFile: certificates.clientCertificate,
  keyFile: certificates.clientKey,
});

const slots = (): Promise<object[]> =>
  postgres.query('SELECT slot_name FROM pg_replication_slots ORDER BY slot_name');

interface ServiceOptions {
  readonly table: string;
  readonly user: string;
  readonly tls?: object;
  /** The configured authority is not the one that signed the server's certificate. */
  readonly stranger?: boolean;
  readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly kafkaPassword?: string;
  readonly registryPassword?: string;
  readonly trustedByNode?: string;
}

/** cdc-source as a process of its own, everything it talks to secured. */
async function runSource(options: ServiceOptions): ReturnType<typeof spawnService> {
  const name = uniqueName('secured');
  const config = {
    version: 1,
    source: {
      postgres: {
        url: 'env:SOURCE_URL',
        tables: [`public.${options.table}`],
        slot: name,
        publication: name,
        tls: options.stranger ? { caFile: certificates.strangeAuthority } : (options.tls ?? trust()),
      },
    },
    kafka: {
      brokers: [broker.saslTls],
      prefix: name,
      tls: { caFile: broker.caFile },
      sasl: {
        mechanism: options.mechanism ?? 'scram-sha-512',
        username: USER.username,
        password: options.kafkaPassword ?? USER.password,
      },
      registry: registry.url,
      ...(options.trustedByNode === undefined ? { registryTls: { caFile: certificates.authority } } : {}),
      registryAuth: { ...REGISTRY_USER, password: options.registryPassword ?? REGISTRY_USER.password },
    },
  };
  const path = join(home, `${name}.yaml`);
  writeFileSync(path, stringify(config));
  return await spawnService('cdc-source', path, {
    env: {
      SOURCE_URL: urlOf(options.user),
      ...(options.trustedByNode === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.trustedByNode }),
    },
  });
}

describe('cdc-source with TLS to everything', () => {
  test.each([
    ['SCRAM-SHA-256', 'scram_user', 'scram-sha-256'],
    ['md5', 'md5_user', 'plain'],
    ['a client certificate', 'cert_user', 'scram-sha-512'],
  ] as const)('copies and streams as a user with %s (%s), to Kafka by %s', async (_how, user, mechanism) => {
    const table = `of_${user}`;
    await postgres.query(`CREATE TABLE ${table} (id int PRIMARY KEY)`);
    await postgres.query(`INSERT INTO ${table} SELECT generate_series(1, 500)`);
    // An authority that Node is told of serves for the registry as well as one that the configuration names.
    const trusted = user === 'md5_user' ? { trustedByNode: certificates.authority } : {};
    await using service = await runSource({ table, user, mechanism, tls: withClient(), ...trusted });
    await service.waitReady();
    await postgres.query(`INSERT INTO ${table} VALUES (501)`);
    const rows = (op: string, count: number): RegExp =>
      new RegExp(`hasivu_source_rows_total\\{[^}]*table="public.${table}",op="${op}"\\} ${count}`);
    await waitFor('the rows to be in Kafka', async () => {
      const metrics = await service.metrics();
      return rows('r', 500).test(metrics) && rows('c', 1).test(metrics);
    });
    const sessions = await postgres.query(
      `SELECT DISTINCT backend_type, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
       WHERE usename = '${user}' ORDER BY backend_type`,
    );
    expect(sessions).toEqual([
      { backend_type: 'client backend', ssl: true },
      { backend_type: 'walsender', ssl: true },
    ]);
    expect(await service.stop()).toMatchObject({ code: 0 });
  });

  test.each<[string, string, Partial<ServiceOptions>]>([
    ['an authority that did not sign the server', 'SOURCE_TLS', { stranger: true }],
    ['a wrong Kafka password', 'KAFKA_AUTH_FAILED', { kafkaPassword: 'wr0ng-secret' }],
    ['a wrong registry password', 'REGISTRY_REJECTED', { registryPassword: 'wr0ng-secret' }],
    ['a registry that is not trusted', 'REGISTRY_REJECTED', { trustedByNode: '' }],
  ])('%s ends with %s and exit code 2', async (_mistake, code, mistake) => {
    await postgres.query('CREATE TABLE IF NOT EXISTS good (id int PRIMARY KEY)');
    const before = await slots();
    await using service = await runSource({ table: 'good', user: 'scram_user', ...mistake });
    expect(await service.exited).toMatchObject({ code: 2 });
    const said = service.output.filter((line) => line.startsWith('error ')).join('\n');
    expect(said).toMatch(new RegExp(`^error ${code} `));
    expect(said).not.toContain('wr0ng-secret');
    expect(await slots()).toEqual(before);
  });
});

test('Kafka and its users are really guarded: without credentials there is no answer', async () => {
  const options = { clientId: 'nobody', unavailableTimeoutMs: 1_500 };
  await expect(KafkaCluster.connect({ brokers: [broker.saslTls] }, options)).rejects.toThrow('KAFKA_');
});

describe.each([
  ['catalog', (target: PostgresTarget) => CatalogSession.open(target)],
  ['copy', (target: PostgresTarget) => WireConnection.open(target, { replication: false })],
  ['replication', (target: PostgresTarget) => WireConnection.open(target, { replication: true })],
] as const)('a %s session', (_kind, open) => {
  async function outcome(url: string, tls: TlsFiles | undefined): Promise<string> {
    try {
      const session = await open({ url, tls, applicationName: 'secured' });
      await session.close();
      return 'connected';
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  }

  test('verifies chain, age and name of the server certificate', async () => {
    const url = urlOf('scram_user');
    expect(await outcome(url, trust())).toBe('connected');
    expect(await outcome(url, { ...trust(), caFile: certificates.strangeAuthority })).toBe('SOURCE_TLS');
    expect(await outcome(url, { ...trust(), caFile: certificates.expiredAuthority })).toBe('SOURCE_TLS');
    expect(await outcome(url, { verify: true })).toBe('SOURCE_TLS');
    expect(await outcome(url, { ...trust(), serverName: 'db.example.org' })).toBe('SOURCE_TLS');
    const byAddress = urlOf('scram_user', PASSWORD, '127.0.0.1');
    expect(await outcome(byAddress, trust())).toBe('SOURCE_TLS');
    expect(await outcome(byAddress, { ...trust(), serverName: 'localhost' })).toBe('connected');
    // Of several hosts each is checked by its own name; a wrong certificate is no reason to look further.
    const hosts = (first: string): string => urlOf('scram_user', PASSWORD, `${first},localhost`);
    expect(await outcome(hosts('127.0.0.1:1'), trust())).toBe('connected');
    expect(await outcome(hosts(`127.0.0.1:${postgres.port}`), trust())).toBe('SOURCE_TLS');
  });

  test('is encrypted whatever the URL says, and refused without', async () => {
    expect(await outcome(`${urlOf('scram_user')}?sslmode=disable`, trust())).toBe('connected');
    expect(await outcome(urlOf('scram_user'), undefined)).toBe('SOURCE_AUTHENTICATION');
    expect(await outcome(urlOf('scram_user'), { ...trust(), caFile: join(home, 'nothing.pem') })).toBe(
      'SOURCE_TLS',
    );
  });

  test('knows the user by password or certificate', async () => {
    expect(await outcome(urlOf('md5_user'), trust())).toBe('connected');
    for (const user of ['scram_user', 'md5_user'])
      expect(await outcome(urlOf(user, 'wrong'), trust())).toBe('SOURCE_AUTHENTICATION');
    expect(await outcome(urlOf('cert_user', ''), withClient())).toBe('connected');
    expect(await outcome(urlOf('cert_user', ''), trust())).toBe('SOURCE_AUTHENTICATION');
  });
});
