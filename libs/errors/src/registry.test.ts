import { describe, expect, test } from '@jest/globals';

import { exitCodeOf } from './exit-code.ts';
import { PlatformError } from './platform-error.ts';
import { ERROR_REGISTRY, type ErrorCode } from './registry.ts';

const codes = Object.keys(ERROR_REGISTRY) as ErrorCode[];

describe('the error registry', () => {
  test.each(codes)('%s says what happened, why and what to do', (code) => {
    const { summary, cause, remedy, retry } = ERROR_REGISTRY[code];
    expect(code).toMatch(/^[A-Z]+(_[A-Z0-9]+)+$/);
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
    expect(cause).toMatch(/^\S.*[.]$/s);
    expect(remedy).toMatch(/^\S.*[.]$/s);
    expect(['timed', 'manual', 'restart', 'wait', 'never']).toContain(retry);
  });

  test('an error reads as one sentence with its cure and keeps its cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new PlatformError('CONFIG_UNREADABLE', {
      doing: 'reading x.yaml',
      why: 'it is a folder',
      cause,
    });
    expect(error.message).toBe(
      `CONFIG_UNREADABLE while reading x.yaml: it is a folder. ${ERROR_REGISTRY.CONFIG_UNREADABLE.remedy}`,
    );
    expect(error.cause).toBe(cause);
    expect([exitCodeOf(error), exitCodeOf(cause)]).toEqual([2, 1]);
    const full = new PlatformError('LAKE_CAPACITY_EXCEEDED', { doing: 'rewriting files' });
    expect(exitCodeOf(full)).toBe(2);
  });
});
