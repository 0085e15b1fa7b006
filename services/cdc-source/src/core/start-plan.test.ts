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
    ['public.a', { lsn: toLsn(99n), done: true }],
    ['public.b', { lsn: toLsn(99n), done: false }],
  ]),
};
const facts: StartFacts = { slot: 's', database: 'shop', slotFacts, progress, tables: ['public.a'] };

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
    expect(planStart({ ...facts, slotFacts: null, progress: null })).toEqual({
      createSlot: true,
      pending: ['public.a'],
    });
  });

  test('copies everything again when the slot is there but its progress is not', () => {
    expect(planStart({ ...facts, progress: null })).toEqual({ createSlot: false, pending: ['public.a'] });
  });

  test('copies tables that are new or were not finished', () => {
    const tables = ['public.a', 'public.b', 'public.c'];
    expect(planStart({ ...facts, tables })).toEqual({ createSlot: false, pending: ['public.b', 'public.c'] });
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
