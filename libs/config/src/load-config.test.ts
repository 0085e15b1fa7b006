import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import { configMistakes, loadConfig, tableConfig } from './load-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'hasivu-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text);
  return path;
}

const KAFKA = 'kafka: { brokers: ["127.0.0.1:9092"], registry: "http://127.0.0.1:8085/apis/ccompat/v7" }';
const FULL = `version: 1
source:
  postgres: { url: "env:SOURCE_URL", tables: ["public.orders", "shop.*"] }
${KAFKA}
lake: { endpoint: "http://127.0.0.1:8333", bucket: lake, accessKeyId: "env:AK", secretAccessKey: "file:${join(dir, 'sk')}", flush: { rows: 10 } }
tables:
  public.orders: { partitionBy: ["month(created_at)", "tenant_id"] }
pipelines:
  - { name: clean, from: ["shop.items"], steps: [{ filter: { expr: "price > 1" } }], rules: [{ notNull: price }, { name: r, range: { column: price, min: 0 } }], to: items }
`;
const ENV = { SOURCE_URL: 'postgres://u:secret-word@h/db', AK: 'key' };

describe('a configuration file', () => {
  test('gets its secrets and every default', () => {
    writeFileSync(join(dir, 'sk'), 'from-file\n');
    const config = loadConfig(file(FULL), ENV);
    expect(config.source?.postgres).toMatchObject({
      url: ENV.SOURCE_URL,
      tables: ['public.orders', 'shop.*'],
      publication: 'hasivu',
      slot: 'hasivu',
      snapshot: 'initial',
      binary: 'auto',
      streaming: true,
      twoPhase: false,
      origin: 'any',
      messages: { include: ['*'], exclude: [] },
      snapshotConnections: 2,
      failover: false,
      retainedLog: {},
      onLostSlot: 'stop',
    });
    expect(config.kafka).toMatchObject({ prefix: 'hasivu', topics: { partitions: 4, replicationFactor: 1 } });
    expect(config.lake).toMatchObject({
      prefix: '',
      region: 'us-east-1',
      accessKeyId: 'key',
      secretAccessKey: 'from-file',
      flush: { rows: 10, bytes: 67108864, intervalMs: 1000 },
    });
    expect(tableConfig(config, 'public.orders')).toEqual({
      partitionBy: ['month(created_at)', 'tenant_id'],
      bronze: true,
      silver: true,
    });
    expect(tableConfig(config, 'shop.items')).toEqual({ partitionBy: [], bronze: true, silver: true });
    expect(config.services['lake-sink'].httpPort).toBe(0);
  });

  test('the environment overrides a field', () => {
    const config = loadConfig(file(FULL), {
      ...ENV,
      HASIVU__KAFKA__PREFIX: 'other',
      HASIVU__LAKE__FLUSH__INTERVAL_MS: '250',
    });
    expect(config.kafka.prefix).toBe('other');
    expect(config.lake?.flush.intervalMs).toBe(250);
  });

  test('an override takes the place of a reference, and may be one', () => {
    const config = loadConfig(file(FULL), {
      AK: 'key',
      HASIVU__SOURCE__POSTGRES__URL: 'env:OTHER',
      OTHER: 'postgres://other/db',
    });
    expect(config.source?.postgres).toMatchObject({ url: 'postgres://other/db' });
  });

  test('a source URL may name several hosts', () => {
    const url = 'postgres://u:p@a:5432,[::1]:5433,c/db?target_session_attrs=any';
    expect(configMistakes(file(FULL), { ...ENV, SOURCE_URL: url })).toEqual([]);
  });

  test.each(['http://host/db', 'postgres://host:port/db', 'postgres://a:1,b:port/db', 'host=localhost'])(
    '%s is no source URL',
    (url) => {
      const mistakes = configMistakes(file(FULL), { ...ENV, SOURCE_URL: url });
      expect(mistakes).toEqual([expect.objectContaining({ path: '/source/postgres/url' })]);
      expect(JSON.stringify(mistakes)).not.toContain(url);
    },
  );

  test('names every mistake with its path at once', () => {
    const mistakes = configMistakes(
      file(`version: 2
source: { postgres: { url: "env:NOWHERE", tables: ["orders"], slot: "Bad Slot", snapshto: never } }
kafka: { brokers: [], registry: "not a url" }
lake: { bucket: lake, flush: { rows: 0 } }
tables: { public.orders: { partitionBy: ["week(x)"] } }
`),
      {},
    );
    const paths = mistakes.map((mistake) => mistake.path);
    for (const path of [
      '/version',
      '/source/postgres/url',
      '/source/postgres/tables/0',
      '/source/postgres/slot',
      '/source/postgres/snapshto',
      '/kafka/brokers',
      '/kafka/registry',
      '/lake/flush/rows',
    ]) {
      expect(paths).toContain(path);
    }
  });

  test.each([
    [
      'a pipeline over a table that is not captured',
      FULL.replace('shop.items', 'other.items'),
      '/pipelines/0/from/0',
    ],
    [
      'a hash without a salt',
      FULL.replace('{ filter: { expr: "price > 1" } }', '{ mask: { column: a, method: hash } }'),
      '/pipelines/0/steps/0/mask/salt',
    ],
    [
      'a copy after a lost slot where nothing is to be copied',
      FULL.replace('"shop.*"]', '"shop.*"], snapshot: never, onLostSlot: resnapshot'),
      '/source/postgres/onLostSlot',
    ],
    [
      'a warning that would come too late',
      FULL.replace('"shop.*"]', '"shop.*"], retainedLog: { warnBytes: 30000000, maxBytes: 20000000 }'),
      '/source/postgres/retainedLog/warnBytes',
    ],
    [
      'event triggers for a topic that is not written',
      FULL.replace('"shop.*"]', '"shop.*"], ddl: trigger'),
      '/source/postgres/ddl',
    ],
    [
      'TLS files for a registry without TLS',
      FULL.replace('brokers: [', 'registryTls: { verify: true }, brokers: ['),
      '/kafka/registryTls',
    ],
    ['half of the credentials', FULL.replace('accessKeyId: "env:AK", ', ''), '/lake'],
    ['a lake that is nowhere', FULL.replace('bucket: lake, ', ''), '/lake'],
    ['a lake in two places', FULL.replace('bucket: lake', 'bucket: lake, folder: /lake'), '/lake'],
    [
      'a folder that depends on where one stands',
      FULL.replace('bucket: lake', 'folder: lake'),
      '/lake/folder',
    ],
    ['an unknown step', FULL.replace('filter:', 'filtre:'), '/pipelines/0/steps/0'],
  ])('%s is a mistake', (_, text, path) => {
    expect(configMistakes(file(text), ENV).map((mistake) => mistake.path.slice(0, path.length))).toContain(
      path,
    );
  });

  test('a secret that is missing is told apart from a wrong file, and no value is shown', () => {
    expect(() => loadConfig(file(FULL), { AK: 'key' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_SECRET_MISSING', retry: 'manual' }),
    );
    const wrong = file(FULL.replace('version: 1', 'version: 9'));
    expect(() => loadConfig(wrong, ENV)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.not.stringContaining('secret-word'),
      }),
    );
  });

  test.each([
    ['no file', join(dir, 'missing.yaml')],
    ['not YAML', file('a: [')],
  ])('%s is CONFIG_UNREADABLE', (_, path) => {
    expect(() => loadConfig(path, ENV)).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }));
  });
});
