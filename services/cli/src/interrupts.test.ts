import { EventEmitter } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { listenForInterrupts, orInterrupted, untilAborted } from './interrupts.ts';

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

describe('waiting', () => {
  test('work that is interrupted ends with an AbortError; work that was first gives its result', async () => {
    const controller = new AbortController();
    expect(await orInterrupted(Promise.resolve(7), controller.signal)).toBe(7);
    const waiting = orInterrupted(new Promise(() => {}), controller.signal);
    const stopped = untilAborted(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await expect(stopped).resolves.toBeUndefined();
    await expect(orInterrupted(new Promise(() => {}), controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
