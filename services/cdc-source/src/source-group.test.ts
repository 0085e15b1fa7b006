import { PlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';

import { SourceGroup } from './source-group.ts';

const LOST = new PlatformError('SOURCE_SLOT_LOST', { doing: 'testing' });
const AWAY = new PlatformError('SOURCE_UNREACHABLE', { doing: 'testing' });

function groupOf(...names: string[]) {
  const told = { ready: '', alive: 0, counted: [] as unknown[] };
  const group = new SourceGroup(
    {
      logger: pino({ level: 'silent' }),
      ready: (isReady, reason) => (told.ready = isReady ? 'yes' : (reason ?? '')),
      alive: () => (told.alive += 1),
      countError: (error) => told.counted.push(error),
    },
    names,
  );
  return { group, told };
}

describe('several databases in one process', () => {
  test('are ready when all are, and the others are named with what they wait for', () => {
    const { group, told } = groupOf('north', 'south');
    group.ready('north', true);
    expect(told.ready).toBe('south: starting');
    group.ready('south', true);
    expect(told.ready).toBe('yes');
    group.ready('north', false, 'connecting');
    expect(told.ready).toBe('north: connecting');
  });

  test('are alive while none is silent, and one that has ended is not waited for', () => {
    const { group, told } = groupOf('north', 'south');
    for (let i = 0; i < 5; i++) group.alive('north');
    expect(told.alive).toBe(0);
    group.alive('south');
    expect(told.alive).toBe(1);
    group.failed('south', LOST);
    group.alive('north');
    expect(told.alive).toBe(2);
  });

  test('one that has failed leaves the others alone, and is told in readiness and in the end', () => {
    const { group, told } = groupOf('north', 'south');
    group.ready('north', true);
    group.failed('south', LOST);
    expect(told.ready).toMatch(/^south: stopped by SOURCE_SLOT_LOST/);
    expect(told.counted).toEqual([LOST]);
    group.drained('north');
    expect(group.failure).toBe(LOST);
  });

  test('an outage ends one only when no other is served', () => {
    const { group } = groupOf('north', 'south');
    expect(group.mayGiveUp('north')).toBe(false);
    expect(group.mayGiveUp('north')).toBe(false);
    expect(group.mayGiveUp('south')).toBe(true);
    group.ready('north', true);
    expect(group.mayGiveUp('south')).toBe(false);
    group.drained('north');
    expect(group.mayGiveUp('south')).toBe(true);
  });

  test('the end is the one that a restart mends, where there is one', () => {
    const { group, told } = groupOf('north', 'south');
    group.failed('south', LOST);
    group.failed('north', AWAY);
    expect(group.failure).toBe(AWAY);
    // The last one is counted by the end of the process.
    expect(told.counted).toEqual([LOST]);
  });
});

test('one database alone is told as if there were no group', () => {
  const { group, told } = groupOf('default');
  group.ready('default', false, 'connecting');
  expect(told.ready).toBe('connecting');
  group.alive('default');
  expect(told.alive).toBe(1);
  expect(group.mayGiveUp('default')).toBe(true);
  group.failed('default', LOST);
  expect([group.failure, told.counted]).toEqual([LOST, []]);
});
