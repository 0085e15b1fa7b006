import { describe, expect, test } from '@jest/globals';
import type { ColumnType, ColumnValue } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';
import { compilePredicate, Fault } from '@hasivu/pipeline';

import { compileRules, RuleChecker, type RuleDefinition } from './index.ts';

const columns: [string, ColumnType][] = [
  ['id', { kind: 'int64' }],
  ['total', { kind: 'decimal', precision: 10, scale: 2 }],
  ['status', { kind: 'string' }],
  ['email', { kind: 'string' }],
  ['day', { kind: 'date' }],
];
const scope = new Map(columns.map(([name, type], slot) => [name, { slot, type }]));
const isFault = (error: unknown): boolean => error instanceof Fault;

function broken(rules: RuleDefinition[], values: ColumnValue[], unavailable: number[] = []): string[] {
  const checker = new RuleChecker(compileRules(rules, { pipeline: 'p', scope, compilePredicate }), isFault);
  const marks = new Uint8Array(columns.length);
  for (const slot of unavailable) marks[slot] = 1;
  return checker
    .check({ values, unavailable: marks, hasUnavailable: unavailable.length > 0 })
    .map(({ rule, reason }) => `${rule.name}: ${reason}`);
}

const good: ColumnValue[] = [1n, 1050n, 'open', 'a@b.org', 20_000];
const rules: RuleDefinition[] = [
  { notNull: 'id' },
  { range: { column: 'total', min: 0, max: '99.99' } },
  { set: { column: 'status', values: ['open', 'done'] } },
  { name: 'mail', pattern: { column: 'email', regex: '^[^@ ]+@[^@ ]+\\.[a-z]{2,}$' } },
  { expression: "total > 10 or status = 'open'" },
  { range: { column: 'day', min: '2020-01-01' } },
];

describe('rules', () => {
  test('a good row breaks none and costs no list', () => {
    expect(broken(rules, good)).toEqual([]);
  });

  test('every broken rule is listed, with limits and without values', () => {
    expect(broken(rules, [null, 10_000n, 'gone', 'nobody', 0])).toEqual([
      'not_null(id): id is null',
      'range(total): total is outside of 0 … 99.99',
      'accepted_values(status): status is none of the 2 accepted values',
      'mail: email does not match ^[^@ ]+@[^@ ]+\\.[a-z]{2,}$',
      'range(day): day is outside of 2020-01-01 … ∞',
    ]);
  });

  test('null is unknown, and unknown is not broken, except for notNull', () => {
    expect(broken(rules, [1n, null, null, null, null])).toEqual([]);
  });

  test('a rule on an unavailable value is skipped', () => {
    expect(broken(rules, [1n, 1050n, null, null, 0], [4])).toEqual([]);
  });

  test("a value that an expression can't take breaks the rule", () => {
    expect(broken([{ name: 'ratio', expression: '1 / id > 0' }], [0n, null, null, null, null])).toEqual([
      "ratio: it can't be evaluated: division by zero",
    ]);
  });

  test('a fingerprint changes with the rule and only with it', () => {
    const print = (rule: RuleDefinition): string =>
      compileRules([rule], { pipeline: 'p', scope, compilePredicate })[0]?.fingerprint ?? '';
    expect(print({ range: { column: 'total', min: 1 } })).toBe(print({ range: { min: 1, column: 'total' } }));
    expect(print({ range: { column: 'total', min: 1 } })).not.toBe(
      print({ range: { column: 'total', min: 2 } }),
    );
  });

  test.each<[RuleDefinition, RegExp]>([
    [{ notNull: 'nope' }, /rule 1 \(not_null\(nope\)\).*no column "nope"/],
    [{ range: { column: 'day', min: 'x' } }, /not a date/],
    [{ set: { column: 'id', values: ['a'] } }, /not a whole number/],
    [{ pattern: { column: 'id', regex: 'a' } }, /needs text, id is int64/],
    [{ pattern: { column: 'email', regex: '(a' } }, /without its \)/],
    [{ expression: 'total +' }, /expected a value/],
    [{ expression: 'total + 1' }, /needs true or false/],
  ])('a rule that does not fit is a clear error: %j', (rule, message) => {
    const attempt = (): unknown => compileRules([rule], { pipeline: 'p', scope, compilePredicate });
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      expect(isPlatformError(error) && error.code).toBe('PIPELINE_RULE_INVALID');
    }
  });
});
