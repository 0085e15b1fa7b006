import { describe, expect, test } from '@jest/globals';
import { externalParts } from './external-parts.ts';

describe('existing servers named by the environment', () => {
  test('nothing set is nothing external', () => {
    expect(externalParts({ HASIVU_POSTGRES_URL: '' })).toEqual({
      postgres: null,
      kafka: null,
      registry: null,
      s3: null,
    });
  });
  test('each part is read by itself', () => {
    const parts = externalParts({
      HASIVU_POSTGRES_URL: 'postgres://u:p@db/x',
      HASIVU_KAFKA_BROKERS: 'a:9092, b:9092,',
      HASIVU_REGISTRY_URL: 'http://r',
      HASIVU_S3_ENDPOINT: 'http://s',
      HASIVU_S3_BUCKET: 'b',
      HASIVU_S3_ACCESS_KEY_ID: 'k',
      HASIVU_S3_SECRET_ACCESS_KEY: 's',
    });
    expect(parts).toEqual({
      postgres: { url: 'postgres://u:p@db/x' },
      kafka: { brokers: ['a:9092', 'b:9092'] },
      registry: { url: 'http://r' },
      s3: { endpoint: 'http://s', region: 'us-east-1', bucket: 'b', accessKeyId: 'k', secretAccessKey: 's' },
    });
  });
  test('an object store that is only half described is refused, naming what is missing', () => {
    const half = { HASIVU_S3_ENDPOINT: 'http://s', HASIVU_S3_BUCKET: 'b' };
    expect(() => externalParts(half)).toThrow(
      'not set: HASIVU_S3_ACCESS_KEY_ID, HASIVU_S3_SECRET_ACCESS_KEY',
    );
  });
});
