import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@hasivu/config';
import type { StackStatus } from '@hasivu/local-stack';
import { afterAll, expect, test } from '@jest/globals';
import { writeDemoConfig } from './demo-config.ts';
import { demoNames } from './demo-names.ts';
import { DIRTY_KINDS } from './seed/dirty-orders.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu demo: '));
afterAll(() => rmSync(stateDir, { recursive: true }));

const stack = {
  postgres: { url: 'postgres://u:pg-secret@127.0.0.1:5/x' },
  kafka: { brokers: ['127.0.0.1:6'] },
  registry: { url: 'http://127.0.0.1:7/apis/ccompat/v7' },
  s3: {
    endpoint: 'http://127.0.0.1:8',
    region: 'us-east-1',
    bucket: 'lake',
    accessKeyId: 'key-secret',
    secretAccessKey: 'very-secret',
  },
} as unknown as StackStatus;

test('the generated configuration has no mistake and no secret in it', () => {
  const path = writeDemoConfig({ stateDir }, stack, demoNames(new Date(Date.UTC(2026, 5, 1, 8, 30))));
  const config = loadConfig(path, {});
  expect(config.source?.postgres).toMatchObject({
    url: 'postgres://u:pg-secret@127.0.0.1:5/hasivu_demo_20260601083000',
    slot: 'hasivu_demo_20260601083000',
  });
  expect(config.kafka.prefix).toBe('demo-20260601083000');
  expect(config.pipelines[0]?.rules).toHaveLength(DIRTY_KINDS.length);
  expect(readFileSync(path, 'utf8')).not.toMatch(/secret@|key-secret|very-secret/);
  expect(statSync(join(stateDir, 'demo', 'secrets', 's3-secret-key')).mode & 0o077).toBe(0);
});
