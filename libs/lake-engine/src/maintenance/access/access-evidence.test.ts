import { expect, test } from '@jest/globals';
import { MemoryStore } from '../../../../object-store/src/index.ts';
import { AccessEvidence } from './access-evidence.ts';

const DAY = 86_400_000;
const rule = { bucket: 'b', keyPrefix: '', ignoreRequesters: [], ignoreUserAgents: [] };

test('a log without objects of the last three days is silent, whatever the horizon: nothing follows from it', async () => {
  let nowMs = Date.now();
  const [lake, log] = [new MemoryStore(), new MemoryStore()];
  const evidence = (horizonMs: number): AccessEvidence =>
    new AccessEvidence({
      lake,
      log: { store: log, prefix: 'logs/' },
      source: 's',
      rule,
      horizonMs,
      nowMs: () => nowMs,
    });
  const codeOf = async (horizonMs: number): Promise<string | null> => {
    const one = evidence(horizonMs);
    await one.look({ keeps: false });
    return one.silence()?.code ?? null;
  };
  expect(await codeOf(30 * DAY)).toBe('LAKE_ACCESS_LOG_SILENT');
  await log.put('logs/2026-11-25-10-00-00-A', Buffer.from('another request'));
  expect(await codeOf(30 * DAY)).toBe(null);
  nowMs += 2 * DAY;
  expect([await codeOf(30 * DAY), await codeOf(0)]).toEqual([null, null]);
  nowMs += 2 * DAY;
  expect(await codeOf(30 * DAY)).toBe('LAKE_ACCESS_LOG_SILENT');
});
