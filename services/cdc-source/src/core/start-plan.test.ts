import { toLsn } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';

import { ORIGIN } from './position-ledger.ts';
import { parseProgress, serializeProgress, type Progress } from './progress-record.ts';
import { planStart, type SlotFacts, type StartFacts } from './start-plan.ts';

const slotFacts: SlotFacts = {
  plugin: 'pgoutput',
  database: 'shop',
  confirmedLsn: toLsn(500n),
  walStatus: 'reserved',
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
  database: 'shop',
  slotFacts,
  progress,
  tables: new Map([['public.a', 1]]),
};

function codeOf(overrides: Partial<StartFacts>): string {
  try {
    planStart({ ...facts, ...overrides });
    return 'none';
  } catch (error) {
    return isPlatformError(error) ? error.code : String(error);
  }
}

describe('a start', () => {
  test('creates the slot and copies everything where there is neither slot nor progress', () => {
    const plan = planStart({ ...facts, slotFacts: null, progress: null });
    expect(plan).toEqual({ createSlot: true, pending: ['public.a'], progress: null });
  });

  test('copies everything again when the slot is there but its progress is not', () => {
    const plan = planStart({ ...facts, progress: null });
    expect(plan).toEqual({ createSlot: false, pending: ['public.a'], progress: null });
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
    expect(codeOf({ slotFacts: { ...slotFacts, plugin: 'test_decoding' } })).toBe('SOURCE_SLOT_MISMATCH');
    expect(codeOf({ slotFacts: { ...slotFacts, database: 'other' } })).toBe('SOURCE_SLOT_MISMATCH');
  });
});

describe('progress records', () => {
  test('survive being written and read', () => {
    expect(parseProgress(serializeProgress(progress))).toEqual(progress);
    const counts = { commitLsn: toLsn(7n), tables: new Map([['public.a', 3]]) };
    const within = { ...progress, transaction: counts };
    expect(parseProgress(serializeProgress(within))).toEqual(within);
    const first = { ...progress, position: ORIGIN, tables: new Map() };
    expect(parseProgress(serializeProgress(first))).toEqual(first);
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
