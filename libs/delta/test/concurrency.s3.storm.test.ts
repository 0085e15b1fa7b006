import { randomInt } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import { proveConcurrency } from './storm/prove-concurrency.ts';

jest.setTimeout(3_600_000);

test('for ten minutes, with vacuum beside them: every committed row is there once, no commit is lost, orphans go', async () => {
  const seed = Number(process.env['STORM_SEED'] ?? randomInt(2 ** 31));
  process.stderr.write(`storm with STORM_SEED=${seed}\n`);
  const report = await proveConcurrency({
    seed,
    durationMs: Number(process.env['STORM_MINUTES'] ?? 10) * 60_000,
    processes: 20,
    killEveryMs: 5_000,
    vacuumRetentionMs: 180_000,
    readEveryMs: 30_000,
    rules: ['concurrent-transaction', 'concurrent-append', 'delete-read', 'delete-delete'],
  });
  process.stderr.write(`${JSON.stringify(report)}\n`);
  expect(report.kills).toBeGreaterThan(0);
  expect(report.compactedFiles).toBeGreaterThan(0);
  expect(report.orphansVacuumed).toBeGreaterThan(0);
});
