import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { listenForInterrupts } from './interrupts.ts';

describe('interrupts', () => {
  test('the first signal stops, a later second one kills', () => {
    let nowMs = 1000;
    const source = new EventEmitter();
    const { stop, kill } = listenForInterrupts(source, () => nowMs);
    expect(stop.aborted).toBe(false);
    source.emit('SIGINT', 'SIGINT');
    expect([stop.aborted, stop.reason, kill.aborted]).toEqual([true, 'SIGINT', false]);
    nowMs += 1000;
    source.emit('SIGINT', 'SIGINT');
    expect(kill.aborted).toBe(true);
  });

  test('one keystroke that arrives twice is one wish', () => {
    const source = new EventEmitter();
    const { kill } = listenForInterrupts(source, () => 5);
    source.emit('SIGINT', 'SIGINT');
    source.emit('SIGTERM', 'SIGTERM');
    expect(kill.aborted).toBe(false);
  });
});
