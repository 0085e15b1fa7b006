import { describe, expect, test } from '@jest/globals';
import { noticeOf } from './service-log.ts';

describe('what a person sees of a service log', () => {
  test('warnings and errors, with their message alone', () => {
    expect(noticeOf('{"level":"warn","msg":"waiting","url":"x"}')).toEqual({
      level: 'warn',
      text: 'waiting',
    });
    expect(noticeOf('{"level":"error","msg":"lost"}')).toEqual({ level: 'error', text: 'lost' });
  });

  test('not the rest: information, the fatal line that stderr repeats, empty lines', () => {
    for (const line of ['{"level":"info","msg":"x"}', '{"level":"fatal","msg":"x"}', '', '  '])
      expect(noticeOf(line)).toBeNull();
  });

  test('anything else on stderr is shown as it is', () => {
    expect(noticeOf('Error: boom')).toEqual({ level: 'error', text: 'Error: boom' });
    expect(noticeOf('{not json')).toEqual({ level: 'error', text: '{not json' });
  });
});
