import { expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { Registry } from 'prom-client';
import { createKeeperMetrics } from '../metrics.ts';
import { TierEvidence } from './tier-evidence.ts';

const COUNTS = { objects: 1, bytes: 10, reads: 3, ignored: 2, other: 4, malformed: 1 };

test('a log that cannot be read or is silent moves nothing, is asked again after a while, and then tells', async () => {
  const registry = new Registry();
  const warned: string[] = [];
  let nowMs = 0;
  let looks = 0;
  let isSilent = false;
  const evidence = new TierEvidence({
    evidence: {
      look: () => {
        looks += 1;
        if (looks === 1) throw new PlatformError('STORE_DENIED', { doing: 'listing "logs/"' });
        return Promise.resolve({ counts: COUNTS, files: 5, readToMs: 7, stopped: false });
      },
      silence: () => (isSilent ? new PlatformError('LAKE_ACCESS_LOG_SILENT', { doing: 'looking' }) : null),
      lastReadMs: () => 42,
    },
    metrics: createKeeperMetrics(registry),
    nowMs: () => nowMs,
    context: {
      logger: {
        info: () => undefined,
        warn: ({ code }: { code: string }) => void warned.push(code),
      } as never,
      countError: () => undefined,
      alive: () => undefined,
    },
    signal: new AbortController().signal,
  });
  expect(await Promise.all([evidence.lastRead(), evidence.lastRead()])).toEqual([null, null]);
  nowMs += 60_000;
  expect([await evidence.lastRead(), looks, warned]).toEqual([null, 1, ['STORE_DENIED']]);
  nowMs += 600_000;
  const [told] = await Promise.all([evidence.lastRead(), evidence.lastRead()]);
  expect([told?.('a'), looks]).toEqual([42, 2]);
  isSilent = true;
  nowMs += 600_000;
  expect([await evidence.lastRead(), warned]).toEqual([null, ['STORE_DENIED', 'LAKE_ACCESS_LOG_SILENT']]);
  const text = await registry.metrics();
  expect(text).toContain('hasivu_keeper_access_log_lines_total{kind="reads"} 6');
  expect(text).toContain('hasivu_keeper_access_log_files 5');
});
