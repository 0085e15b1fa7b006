import { toLsn } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';

import { ORIGIN } from './position-ledger.ts';
import { nextOrigin, parseProgress, serializeProgress, type Progress } from './progress-record.ts';
import { checkSlotOwner, type SlotFacts } from './slot-check.ts';
import { planStart, type StartFacts } from './start-plan.ts';

const slotFacts: SlotFacts = {
  plugin: 'pgoutput',
  database: 'shop',
  confirmedLsn: toLsn(500n),
  walStatus: 'reserved',
  invalidationReason: null,
};
const progress: Progress = {
  slot: 's',
  phase: 'streaming',
  position: { commitLsn: toLsn(490n), seq: 3 },
  confirmLsn: toLsn(500n),
  tables: new Map([
    ['public.a', { lsn: toLsn(99n), done: true, oid: 1 }],
    ['public.b', { lsn: toLsn(99n), done: false, oid: 2 }],
  ]),
};
const facts: StartFacts = {
  slot: 's',
  slotFacts,
  progress,
  server: { systemId: '77', timeline: 1, endLsn: toLsn(600n), history: [] },
  onLostSlot: 'stop',
  tables: new Map([['public.a', 1]]),
};

const FRESH = { dropSlot: false, createSlot: false, pending: ['public.a'], progress: null, lost: null };

function codeOf(overrides: Partial<StartFacts>): string {
  return codeThrownBy(() => planStart({ ...facts, ...overrides }));
}

function codeThrownBy(work: () => unknown): string {
  try {
    work();
    return 'none';
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error);
  }
}

describe('a start', () => {
  test('creates the slot and copies everything where there is neither slot nor progress', () => {
    const plan = planStart({ ...facts, slotFacts: null, progress: null });
    expect(plan).toEqual({ ...FRESH, createSlot: true });
  });

  test('copies everything again when the slot is there but its progress is not', () => {
    const plan = planStart({ ...facts, progress: null });
    expect(plan).toEqual(FRESH);
  });

  test('copies tables that are new, were not finished, or were dropped and made again', () => {
    const tables = new Map([
      ['public.a', 1],
      ['public.b', 2],
      ['public.c', 3],
    ]);
    expect(planStart({ ...facts, tables }).pending).toEqual(['public.b', 'public.c']);
    expect(planStart({ ...facts, tables: new Map([['public.a', 7]]) }).pending).toEqual(['public.a']);
  });

  test('forgets tables that are no longer captured: their changes are missed from now on', () => {
    expect([...(planStart(facts).progress?.tables.keys() ?? [])]).toEqual(['public.a']);
  });

  test('is refused where changes were lost or the slot is not ours', () => {
    expect(codeOf({})).toBe('none');
    expect(codeOf({ slotFacts: null })).toBe('SOURCE_SLOT_LOST');
    expect(codeOf({ slotFacts: { ...slotFacts, walStatus: 'lost' } })).toBe('SOURCE_SLOT_LOST');
    expect(codeOf({ slotFacts: { ...slotFacts, confirmedLsn: toLsn(501n) } })).toBe('SOURCE_SLOT_MOVED');
    expect(codeOf({ slotFacts: { ...slotFacts, invalidationReason: 'idle_timeout' } })).toBe(
      'SOURCE_SLOT_LOST',
    );
    const owner = (facts: Partial<SlotFacts>): string =>
      codeThrownBy(() => checkSlotOwner('s', { ...slotFacts, ...facts }, 'shop'));
    expect([owner({}), owner({ plugin: 'test_decoding' }), owner({ database: 'other' })]).toEqual([
      'none',
      'SOURCE_SLOT_MISMATCH',
      'SOURCE_SLOT_MISMATCH',
    ]);
  });

  test.each([
    ['is gone', null, 'SOURCE_SLOT_LOST'],
    ['was invalidated', { ...slotFacts, walStatus: 'lost' }, 'SOURCE_SLOT_LOST'],
    ['was moved', { ...slotFacts, confirmedLsn: toLsn(501n) }, 'SOURCE_SLOT_MOVED'],
  ])('copies everything again, and says after which event, where the slot %s', (_, slot, code) => {
    const plan = planStart({ ...facts, slotFacts: slot, onLostSlot: 'resnapshot' });
    expect(plan).toMatchObject({ dropSlot: slot !== null, createSlot: true, pending: ['public.a'] });
    expect([plan.progress, plan.lost?.error.code, plan.lost?.after]).toEqual([null, code, progress.position]);
  });
});

test('a former primary is refused even where lost changes are to be copied again', () => {
  const origin = { systemId: '77', timeline: 2, gaps: [] };
  const again = { onLostSlot: 'resnapshot', progress: { ...progress, origin } } as const;
  expect(codeOf(again)).toBe('SOURCE_TIMELINE_DIVERGED');
  const promoted = { ...facts.server, timeline: 3, history: [{ timeline: 2, endLsn: toLsn(400n) }] };
  expect(codeOf({ ...again, server: promoted })).toBe('none');
});

describe('progress records', () => {
  test('of the version before, without an origin, are read', () => {
    const text =
      '{"slot":"s","phase":"streaming","commitLsn":"0/1EA","seq":3,"confirmLsn":"0/1F4","tables":{"public.a":{"lsn":"0/63","done":true,"oid":1},"public.b":{"lsn":"0/63","done":false,"oid":2}}}';
    expect(parseProgress(Buffer.from(text))).toEqual(progress);
  });

  test('survive being written and read', () => {
    expect(parseProgress(serializeProgress(progress))).toEqual(progress);
    const counts = { commitLsn: toLsn(7n), tables: new Map([['public.a', 3]]) };
    const ahead = { ...progress, publishedLsn: toLsn(480n) };
    expect(parseProgress(serializeProgress(ahead))).toEqual(ahead);
    const within = { ...progress, transaction: counts };
    expect(parseProgress(serializeProgress(within))).toEqual(within);
    const first = { ...progress, position: ORIGIN, tables: new Map() };
    expect(parseProgress(serializeProgress(first))).toEqual(first);
    const gap = { code: 'SOURCE_SLOT_LOST', after: progress.position, atMs: 5 };
    const stamped = { ...progress, origin: nextOrigin(undefined, facts.server, gap) };
    expect(parseProgress(serializeProgress(stamped))).toEqual(stamped);
  });

  test.each([
    '',
    'null',
    '{}',
    '{"phase":"streaming","seq":"1"}',
    '{"phase":"streaming","seq":1,"commitLsn":"x","tables":{}}',
  ])('refuse %j', (text) => {
    let thrown: unknown;
    try {
      parseProgress(Buffer.from(text));
    } catch (error) {
      thrown = error;
    }
    expect(isPlatformError(thrown) && thrown.code).toBe('SOURCE_PROGRESS');
  });
});
