import { describe, expect, test } from '@jest/globals';

import { filterMistake } from './filter-check.ts';

describe('a condition', () => {
  test.each([
    "status = 'open'",
    "name = 'it''s (not) closed'",
    '"odd "" name)" > 1 AND (a OR (b))',
    "at >= date '2026-01-01'",
    "body ~ '[0-9]+[)]'",
    "price > ANY ('{1,2}'::int[])",
    "note LIKE '%--%' AND tag = '$1;'",
    'EXISTS (SELECT FROM public.customers c WHERE c.id = customer)',
  ])('may be %s', (filter) => {
    expect(filterMistake(filter)).toBeNull();
  });

  test.each([
    ['', /empty/],
    ['true) OR (true', /closes a bracket/],
    ['(a', /bracket that does not close/],
    ["a = 'b", /quote that does not close/],
    ["a = 'b''", /quote that does not close/],
    ['true; DROP TABLE x', /semicolon/],
    ['true -- )', /comment/],
    ['true /* ) */', /comment/],
    ['a = $$b$$', /dollar/],
    ["'a\\' || ')) TO STDOUT; COMMIT; SELECT 1; --' = 'b'", /backslash/],
    ["a = E'b'", /escapes/],
    ["a = E'\\') OR (true) --'", /backslash/],
    ["a = e 'b'", null],
    ["E'a'\n'b'", /escapes/],
    ['a\0', /zero/],
  ])('is refused where it could end the expression: %j', (filter, mistake) => {
    // `e 'b'` is a name and a string to the server too: a syntax error, and no way out of the brackets.
    if (mistake === null) expect(filterMistake(filter)).toBeNull();
    else expect(filterMistake(filter)).toMatch(mistake);
  });
});
