import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { PlatformError } from '@hasivu/errors';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';

import { retryTimed } from './back-off.ts';
import { HealthState } from './health-state.ts';
import { openHttpEndpoints } from './http-endpoints.ts';
import { runService } from './run-service.ts';
import type { ServiceDefinition } from './service-context.ts';

const dir = mkdtempSync(join(tmpdir(), 'hasivu-kit-'));
afterAll(() => rmSync(dir, { recursive: true }));
const config = join(dir, 'hasivu.yaml');
writeFileSync(
  config,
  'version: 1\nkafka: { brokers: ["127.0.0.1:1"], registry: "http://127.0.0.1:1" }\nlog: { level: error }\n',
);

async function run(
  main: ServiceDefinition['main'],
  argv: string[] = ['--config', config],
): Promise<{ code: number; err: string; out: string }> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runService(
    { name: 'lake-sink', summary: 'topic to table', main },
    { argv, env: {}, stdout, stderr },
  );
  return { code, err: String(stderr.read() ?? ''), out: String(stdout.read() ?? '') };
}

describe('a service process', () => {
  test('ends with 0 when its work is done', async () => {
    expect(await run(async () => {})).toMatchObject({ code: 0, err: '' });
  });

  test('an error that needs a person ends with 2 and one line with code and cure', async () => {
    const { code, err } = await run(() =>
      Promise.reject(new PlatformError('SERVICE_PORT_TAKEN', { doing: 'testing' })),
    );
    expect(code).toBe(2);
    expect(err).toMatch(/^error SERVICE_PORT_TAKEN while testing: .*Give the service another port.*\n$/);
  });

  test('an error that a replay repairs, and a bug, end with 1', async () => {
    expect(
      (await run(() => Promise.reject(new PlatformError('SERVICE_DRAIN_TIMEOUT', { doing: 'testing' }))))
        .code,
    ).toBe(1);
    expect((await run(() => Promise.reject(new TypeError('a bug')))).code).toBe(1);
  });

  test('a wrong configuration ends with 2 before anything starts', async () => {
    let started = false;
    const { code, err } = await run(async () => void (started = true), ['--config', join(dir, 'none.yaml')]);
    expect([code, started]).toEqual([2, false]);
    expect(err).toContain('CONFIG_UNREADABLE');
  });

  test('unknown options end with 2 and the usage; --help ends with 0', async () => {
    expect(await run(async () => {}, ['--nonsense'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Usage:'),
    });
    expect(await run(async () => {}, ['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--config FILE'),
    });
  });
});

describe('health endpoints', () => {
  test('tell readiness, liveness and metrics', async () => {
    let nowMs = 0;
    const health = new HealthState(() => nowMs);
    await using http = await openHttpEndpoints(0, health, new Registry());
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${http.port}${path}`);
      return [response.status, await response.text()] as const;
    };
    expect(await get('/readyz')).toEqual([503, JSON.stringify({ ready: false, reason: 'starting' })]);
    health.ready(true);
    expect((await get('/readyz'))[0]).toBe(200);
    expect((await get('/livez'))[0]).toBe(200);
    nowMs = 181_000;
    expect((await get('/livez'))[0]).toBe(503);
    expect((await get('/metrics'))[0]).toBe(200);
    expect((await get('/else'))[0]).toBe(404);
    await expect(openHttpEndpoints(http.port, health, new Registry())).rejects.toMatchObject({
      code: 'SERVICE_PORT_TAKEN',
    });
  });
});

describe('retrying', () => {
  const bound = { firstDelayMs: 1, maxDelayMs: 2, giveUpAfterMs: 50, signal: new AbortController().signal };

  test('only errors whose code says so are tried again, and not for ever', async () => {
    let tries = 0;
    const manual = new PlatformError('CONFIG_INVALID', { doing: 'testing' });
    await expect(
      retryTimed(() => (tries++, Promise.reject(manual)), { ...bound, onRetry: () => {} }),
    ).rejects.toBe(manual);
    expect(tries).toBe(1);
  });
});
