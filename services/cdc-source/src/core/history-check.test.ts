import { toLsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';

import { checkSystem, isFormerPrimary, sharedHistory, type ServerHistory } from './history-check.ts';
import type { Progress } from './progress-record.ts';

const server: ServerHistory = {
  systemId: '77',
  timeline: 3,
  endLsn: toLsn(900n),
  history: [
    { timeline: 1, endLsn: toLsn(200n) },
    { timeline: 2, endLsn: toLsn(500n) },
  ],
};
const progress: Progress = {
  slot: 's',
  phase: 'streaming',
  position: { commitLsn: toLsn(490n), seq: 3 },
  confirmLsn: toLsn(499n),
  tables: new Map([['public.a', { lsn: toLsn(99n), done: true, oid: 1 }]]),
  origin: { systemId: '77', timeline: 2, gaps: [] },
};

function shared(changes: Partial<Progress>, on: Partial<ServerHistory> = {}): bigint | string {
  const found = sharedHistory({ ...progress, ...changes }, { ...server, ...on });
  return found instanceof PlatformError ? found.code : found.confirmLsn;
}

describe("a server's history", () => {
  test('that holds everything published is read on, also after a promotion', () => {
    expect(shared({})).toBe(499n);
    expect(shared({ origin: undefined })).toBe(499n);
    expect(shared({ origin: { systemId: '77', timeline: 3, gaps: [] } })).toBe(499n);
  });

  test('that branched off behind the last event and before the confirmed position is read from the branch', () => {
    expect(shared({ confirmLsn: toLsn(700n) })).toBe(500n);
  });

  test('that lacks only what was no event is read from the branch, and what comes behind it there is new', () => {
    // Transactions without a captured change, or messages that are no events, up to 650; the last event is at 490.
    const seen = { position: { commitLsn: toLsn(650n), seq: 0 }, publishedLsn: toLsn(490n) };
    const ahead = { ...progress, ...seen, confirmLsn: toLsn(660n) };
    expect(sharedHistory(ahead, server)).toEqual({
      position: { commitLsn: 499n, seq: 0 },
      confirmLsn: 500n,
    });
    const same = { ...ahead, origin: { systemId: '77', timeline: 3, gaps: [] } };
    expect(sharedHistory(same, server)).toEqual({ position: seen.position, confirmLsn: 660n });
    expect(sharedHistory(same, { ...server, endLsn: toLsn(600n) })).toEqual({
      position: { commitLsn: 599n, seq: 0 },
      confirmLsn: 600n,
    });
    expect(shared({ ...seen, publishedLsn: toLsn(650n) })).toBe('SOURCE_TIMELINE_DIVERGED');
  });

  test('that has a logical message as its last record before the branch has it all', () => {
    // Its position is the last byte of its record.
    expect(shared({ position: { commitLsn: toLsn(499n), seq: 0 } })).toBe(499n);
  });

  test('that branched off before the last event, or a copy, has lost what was published', () => {
    expect(shared({ position: { commitLsn: toLsn(500n), seq: 0 } })).toBe('SOURCE_TIMELINE_DIVERGED');
    const copied = new Map([['public.a', { lsn: toLsn(600n), done: true, oid: 1 }]]);
    expect(shared({ tables: copied })).toBe('SOURCE_TIMELINE_DIVERGED');
    expect(shared({ origin: { systemId: '77', timeline: 1, gaps: [] } })).toBe('SOURCE_TIMELINE_DIVERGED');
  });

  test('that is on an older timeline is a former primary, which no copy may bring back', () => {
    const newer = { origin: { systemId: '77', timeline: 4, gaps: [] } };
    expect(shared(newer)).toBe('SOURCE_TIMELINE_DIVERGED');
    expect(isFormerPrimary({ ...progress, ...newer }, server)).toBe(true);
    expect(isFormerPrimary(progress, server)).toBe(false);
    expect(isFormerPrimary({ ...progress, ...newer }, { ...server, timeline: 0 })).toBe(false);
  });

  test('that never knew our timeline, or is shorter than what was published, is another one', () => {
    expect(shared({ origin: { systemId: '77', timeline: 9, gaps: [] } })).toBe('SOURCE_TIMELINE_DIVERGED');
    const same = { origin: { systemId: '77', timeline: 3, gaps: [] } };
    expect(shared(same, { endLsn: toLsn(480n) })).toBe('SOURCE_TIMELINE_DIVERGED');
  });

  test('of another system is refused; progress of the version before has none to compare', () => {
    expect(() => checkSystem(progress, { ...server, systemId: '78' })).toThrow('SOURCE_SYSTEM_CHANGED');
    checkSystem(progress, server);
    checkSystem({ ...progress, origin: undefined }, server);
  });
});
