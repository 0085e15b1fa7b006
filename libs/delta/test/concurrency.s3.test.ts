import { expect, jest, test } from '@jest/globals';
import { proveConcurrency } from './storm/prove-concurrency.ts';

jest.setTimeout(300_000);

test('twenty writers and a compactor, some killed, leave every committed row there once; conflicts are retried by rule', async () => {
  const report = await proveConcurrency({
    seed: 20_261_125,
    durationMs: 15_000,
    processes: 5,
    killEveryMs: 4_000,
    vacuumRetentionMs: null,
    readEveryMs: 6_000,
    rules: ['concurrent-transaction', 'concurrent-append', 'delete-read', 'delete-delete'],
  });
  process.stderr.write(`${JSON.stringify(report)}\n`);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.compactedFiles).toBeGreaterThan(0);
  expect(report.foreignReads).toBeGreaterThan(0);
});
