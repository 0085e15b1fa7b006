import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';

import { LinearMatcher, PatternMistake } from '../index.ts';

const { node: patterns } = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      'a',
      'b',
      '.',
      '\\d',
      '\\W',
      '[ab]',
      '[^a-c]',
      '[\\d_-]',
      '^',
      '$',
      'é',
      '😀',
      '\\.',
      '\\u0062',
    ),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{2,}', '*?'))
      .map(([a, q]) => `(?:${a})${q}`),
  ),
}));
const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', '_', ' ', '\n', 'é', '😀', '.'), { maxLength: 12 })
  .map((all) => all.join(''));

describe('patterns', () => {
  test('agree with the engine of the runtime', async () => {
    const { seed, runs } = await checkProperty(
      fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 6 }), (pattern, all) => {
        const matcher = new LinearMatcher(pattern);
        const theirs = new RegExp(pattern, 'u');
        for (const text of all)
          expect([pattern, text, matcher.test(text)]).toEqual([pattern, text, theirs.test(text)]);
      }),
      { budgetMs: 1500, runs: 20_000 },
    );
    expect({ seed, runs }.runs).toBeGreaterThan(9);
  });

  test('that take a backtracking engine forever take one pass', () => {
    const text = `${'a'.repeat(50_000)}!`;
    expect(new LinearMatcher('^(a+)+$').test(text)).toBe(false);
    expect(new LinearMatcher('^(a|aa)+$').test(text)).toBe(false);
    expect(new LinearMatcher('(x+x+)+y').test('x'.repeat(50_000))).toBe(false);
  });

  test.each([
    '(',
    'a)',
    '[a',
    '*a',
    'a{2',
    '(?=a)',
    '(a)\\1',
    '\\bword',
    '[z-a]',
    '(?:(?:a{1000}){1000})',
    'a{5,2}',
  ])('that are malformed, too large or need backtracking are refused: %s', (pattern) => {
    expect(() => new LinearMatcher(pattern)).toThrow(PatternMistake);
  });
});
