import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startStack, stopPart } from '../src/index.ts';

test('parts that the environment names are told with their addresses and neither started nor stopped', async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-external-'));
  const env = {
    PATH: '',
    HASIVU_POSTGRES_URL: 'postgres://reader:secret@db.example:5432/school',
    HASIVU_KAFKA_BROKERS: 'k1.example:9092,k2.example:9092',
    HASIVU_REGISTRY_URL: 'http://registry.example/apis/ccompat/v7',
    HASIVU_S3_ENDPOINT: 'http://s3.example',
    HASIVU_S3_BUCKET: 'lake',
    HASIVU_S3_ACCESS_KEY_ID: 'id',
    HASIVU_S3_SECRET_ACCESS_KEY: 'secret',
  };
  {
    await using stack = await startStack({ stateDirectory, env });
    const { status } = stack;
    expect(status.state).toBe('running');
    expect(status.postgres).toMatchObject({ state: 'external', pid: null, url: env.HASIVU_POSTGRES_URL });
    expect(status.kafka).toMatchObject({
      state: 'external',
      brokers: ['k1.example:9092', 'k2.example:9092'],
    });
    expect(status.registry).toMatchObject({ state: 'external', url: env.HASIVU_REGISTRY_URL });
    expect(status.s3).toMatchObject({ state: 'external', endpoint: 'http://s3.example', bucket: 'lake' });
    await expect(stopPart('kafka', stateDirectory)).rejects.toThrow('kafka is an external server');
  }
  rmSync(stateDirectory, { recursive: true, force: true });
});
