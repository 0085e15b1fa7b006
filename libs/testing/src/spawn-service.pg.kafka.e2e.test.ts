import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnService } from './spawn-service.ts';
import { testDatabase } from './test-database.ts';
import { topicPrefix } from './topic-prefix.ts';

describe('spawnService', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hasivu-spawn-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const configuration = (value: unknown): string => {
    const path = join(directory, 'hasivu.yaml');
    writeFileSync(path, JSON.stringify(value));
    return path;
  };

  test('waits until the service is ready, keeps what it prints, and kills it', async () => {
    await using database = await testDatabase('spawn');
    await using topics = topicPrefix('spawn');
    await database.query('CREATE TABLE public.spawned (id bigint PRIMARY KEY)');
    const path = configuration({
      version: 1,
      source: {
        postgres: {
          url: 'env:SOURCE_URL',
          tables: ['public.spawned'],
          publication: database.name,
          slot: database.name,
        },
      },
      kafka: { brokers: topics.brokers, registry: topics.registry, prefix: topics.prefix },
    });
    await using service = await spawnService('cdc-source', path, { env: { SOURCE_URL: database.url } });
    await service.waitReady();
    expect(await service.metrics()).toContain('hasivu_source_lag_bytes');
    expect(service.logs.some((line) => line['service'] === 'cdc-source')).toBe(true);
    expect(service.running).toBe(true);
    expect(await service.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(service.running).toBe(false);
  });

  test('a service that ends before it is ready fails at once with what it said', async () => {
    const path = configuration({
      version: 1,
      kafka: { brokers: ['127.0.0.1:1'], registry: 'http://127.0.0.1:1' },
    });
    await using service = await spawnService('cdc-source', path);
    await expect(service.waitReady()).rejects.toThrow(/"code":2[^]*CONFIG_INVALID/);
  });
});
