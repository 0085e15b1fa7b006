import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stack } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';
import S3rver from 's3rver';

import { OwnPostgres } from './own-postgres.ts';
import { PipelineUnderTest, type ServiceUnderTest } from './pipeline-under-test.ts';

async function started(
  service: ServiceUnderTest,
  override: (database: string) => object,
): Promise<{ exitCode: number | null; output: string }> {
  await using pipeline = await PipelineUnderTest.create({ name: 'mistake', tables: ['public.things'] });
  await pipeline.query('create table things (id int primary key)');
  pipeline.reconfigure(override(pipeline.database.url));
  const running = await pipeline.start(service);
  const { code } = await running.exited;
  return { exitCode: code, output: running.output.join('\n') };
}

describe('a mistake gets one clear error with its code and cure, exit code 2, and nothing is written', () => {
  test('a server whose wal_level is not logical', async () => {
    await using plain = await OwnPostgres.start({ wal_level: 'replica' });
    const { exitCode, output } = await started('cdc-source', () => ({
      source: { postgres: { url: plain.url } },
    }));
    expect(output).toMatch(/error SOURCE_WAL_LEVEL while .*ALTER SYSTEM SET wal_level/);
    expect(exitCode).toBe(2);
  });

  test('an object store with the wrong key', async () => {
    const { exitCode, output } = await started('lake-sink', () => ({
      lake: { secretAccessKey: 'wrong-secret' },
    }));
    expect(output).toMatch(/error STORE_[A-Z_]+ while /);
    expect(output).not.toContain('wrong-secret');
    expect(exitCode).toBe(2);
  });

  test('an object store without If-None-Match', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hasivu-careless-store-'));
    const careless = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory,
      configureBuckets: [{ name: 'lake', configs: [] }],
    });
    const { port } = await careless.run();
    try {
      const { exitCode, output } = await started('lake-sink', () => ({
        lake: {
          endpoint: `http://127.0.0.1:${port}`,
          bucket: 'lake',
          accessKeyId: 'S3RVER',
          secretAccessKey: 'S3RVER',
        },
      }));
      expect(output).toMatch(/error STORE_NO_CONDITIONAL_PUT while .*Use a store that honours/);
      expect(exitCode).toBe(2);
    } finally {
      await careless.close();
      rmSync(directory, { recursive: true });
    }
  });

  test('an incompatible schema in the registry', async () => {
    await using pipeline = await PipelineUnderTest.create({ name: 'schema', tables: ['public.things'] });
    await pipeline.query('create table things (id int primary key)');
    const subject = `${pipeline.lakePrefix}.public.things-value`;
    const taken = {
      schema: JSON.stringify({ type: 'record', name: 'Other', fields: [{ name: 'x', type: 'int' }] }),
    };
    await fetch(`${stack().registry.url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(taken),
    });
    await fetch(`${stack().registry.url}/config/${subject}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"compatibility":"FULL"}',
    });
    const running = await pipeline.start('cdc-source');
    const { code } = await running.exited;
    expect(running.output.join('\n')).toMatch(/error SOURCE_SCHEMA_INCOMPATIBLE while .*public.things/);
    expect(code).toBe(2);
    expect(
      await pipeline.query('select slot_name from pg_replication_slots where database = current_database()'),
    ).toEqual([]);
  });

  test('a configuration full of mistakes names every one of them', async () => {
    const { exitCode, output } = await started('cdc-source', () => ({
      kafka: { brokers: [], prefix: 'not allowed!' },
      lake: { flush: { rows: 0 } },
      surprise: true,
    }));
    for (const path of ['/kafka/brokers', '/kafka/prefix', '/lake/flush/rows', '/surprise'])
      expect(output).toContain(path);
    expect(exitCode).toBe(2);
  });
});
