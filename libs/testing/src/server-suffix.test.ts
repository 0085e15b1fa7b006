import { describe, expect, test } from '@jest/globals';
import { announces } from './server-suffix.ts';
import { bucketPrefix } from './bucket-prefix.ts';
import { stack } from './stack.ts';
import { testDatabase } from './test-database.ts';
import { topicPrefix } from './topic-prefix.ts';

describe('server fixtures', () => {
  test('are refused in a test file whose name does not announce a server', async () => {
    await expect(testDatabase()).rejects.toThrow('server-suffix.test.ts does not say so');
    expect(() => topicPrefix()).toThrow('topicPrefix() needs real servers');
    expect(() => bucketPrefix()).toThrow('bucketPrefix() needs real servers');
    expect(() => stack()).toThrow('stack() needs real servers');
  });
  test('are allowed by the suffix of their server, alone or among others, and by the suites of whole services', () => {
    expect(announces('/a/slot.pg.test.ts', 'postgres')).toBe(true);
    expect(announces('/a/slot.kafka.pg.test.ts', 'postgres')).toBe(true);
    expect(announces('/a/restart.crash.test.ts', 's3')).toBe(true);
    expect(announces('/a/slot.kafka.test.ts', 'postgres')).toBe(false);
    expect(announces('/a.pg.b/slot.test.ts', 'postgres')).toBe(false);
  });
});
