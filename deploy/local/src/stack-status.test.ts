import { describe, expect, test } from '@jest/globals';
import { overallState } from './stack-status.ts';

describe('the state of the stack', () => {
  test.each([
    [['running', 'running', 'running', 'external'], 'running'],
    [['external', 'external', 'external', 'external'], 'running'],
    [['running', 'starting', 'running', 'running'], 'starting'],
    [['running', 'starting', 'failed', 'running'], 'failed'],
    [['running', 'stopped', 'running', 'running'], 'stopped'],
  ] as const)('%j is %s', (parts, state) => {
    expect(overallState(parts)).toBe(state);
  });
});
