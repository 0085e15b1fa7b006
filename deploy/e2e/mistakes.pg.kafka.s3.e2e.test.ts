import { stack } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';

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

function withPassword(url: string, password: string): string {
  const wrong = new URL(url);
  wrong.password = password;
  return wrong.toString();
}

describe('a mistake gets one clear error with its code and cure, exit code 2, and nothing is written', () => {
  test('a wrong password', async () => {
    const { exitCode, output } = await started('cdc-source', (url) => ({
      source: { postgres: { url: withPassword(url, 'wrong-secret') } },
    }));
    expect(output).toMatch(/error SOURCE_[A-Z_]+ while .*\. /);
    expect(output).not.toContain('wrong-secret');
    expect(exitCode).toBe(2);
  });

  test('a table that does not exist', async () => {
    const { exitCode, output } = await started('cdc-source', () => ({
      source: { postgres: { tables: ['public.nowhere'] } },
    }));
    expect(output).toMatch(/error SOURCE_[A-Z_]+ while .*nowhere/);
    expect(exitCode).toBe(2);
  });

  test('a slot that another process holds', async () => {
    await using pipeline = await PipelineUnderTest.create({ name: 'held', tables: ['public.things'] });
    await pipeline.query('create table things (id int primary key)');
    const first = await pipeline.start('cdc-source');
    expect(first.running).toBe(true);
    const second = await pipeline.start('cdc-source', { HASIVU__KAFKA__PREFIX: `${pipeline.lakePrefix}b` });
    const { code } = await second.exited;
    expect(second.output.join('\n')).toMatch(/error SOURCE_[A-Z_]+ while .*slot/);
    expect(code).toBe(2);
    await first.stop();
  });

  test('an object store with the wrong key', async () => {
    const { exitCode, output } = await started('lake-sink', () => ({
      lake: { secretAccessKey: 'wrong-secret' },
    }));
    expect(output).toMatch(/error STORE_[A-Z_]+ while /);
    expect(output).not.toContain('wrong-secret');
    expect(exitCode).toBe(2);
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
