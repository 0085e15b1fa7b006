/**
 * # 2. Expressions
 *
 * SQL as Postgres means it; `test/expression-oracle.pg.test.ts` lets Postgres check random expressions. Here is what a
 * person has to know.
 */
import { describe, expect, test } from '@jest/globals';
import type { ColumnType, ColumnValue } from '@hasivu/change-events';

import { compileExpression, ExpressionMistake, Fault } from '../../src/index.ts';
import { textOf } from '../../src/values/to-text.ts';

const columns: Record<string, [ColumnType, ColumnValue]> = {
  n: [{ kind: 'int32' }, 7],
  big: [{ kind: 'int64' }, 9_007_199_254_740_993n],
  price: [{ kind: 'decimal', precision: 10, scale: 2 }, 1999n],
  ratio: [{ kind: 'float64' }, 0.1],
  name: [{ kind: 'string' }, 'Ravi'],
  none: [{ kind: 'string' }, null],
  yes: [{ kind: 'boolean' }, true],
  day: [{ kind: 'date' }, 19_877],
  at: [{ kind: 'timestamptz' }, 1_717_400_000_123_456n],
  id: [{ kind: 'uuid' }, 'b9c9a2c6-3b0e-4a58-9d7e-3e1f0c8f0a11'],
  Mixed: [{ kind: 'int16' }, 3],
};
const scope = new Map(Object.entries(columns).map(([name, [type]], slot) => [name, { slot, type }]));
const row = Object.values(columns).map(([, value]) => value);

/** The value as text, and its type. */
function evaluate(source: string): string {
  const { type, evaluate: run } = compileExpression(source, scope);
  const value = run(row);
  if (value === null || type.kind === 'null') return 'null';
  const size = type.kind === 'decimal' ? `(${type.precision},${type.scale})` : '';
  return `${textOf(type)?.(value)} ${type.kind}${size}`;
}

function mistake(source: string): string {
  try {
    compileExpression(source, scope);
  } catch (error) {
    if (error instanceof ExpressionMistake) return `${error.at}: ${error.message}`;
    throw error;
  }
  throw new Error('it compiles');
}

describe('expressions', () => {
  test.each([
    ['n + 1', '8 int64'],
    ['7 / 2', '3 int64'],
    ['-7 % 3', '-1 int64'],
    ['big + 1', '9007199254740994 int64'],
    ['price * 1.05', '20.9895 decimal(13,4)'],
    ['price / 3', '6.663333 decimal(38,6)'],
    ['round(price * 1.05, 2)', '20.99 decimal(12,2)'],
    ['ratio + 0.2', '0.30000000000000004 float64'],
    ['price + ratio', '20.09 float64'],
    ['price > 19.985', 'true boolean'],
    ["'5' + n", '12 int64'],
    ["upper(name) || '-' || n", 'RAVI-7 string'],
    ["case when n > 5 then 'many' when n > 1 then 'some' else 'one' end", 'many string'],
    ["case n when 7 then 'seven' end", 'seven string'],
    ['coalesce(none, name)', 'Ravi string'],
    ["name in ('Asha', 'Ravi')", 'true boolean'],
    ["name like 'R_v%' and name not like '%x%'", 'true boolean'],
    ['n between 1 and 7', 'true boolean'],
    ['not none is null', 'false boolean'],
    ["day >= '2024-06-01'", 'true boolean'],
    ['day + 30', '2024-07-03 date'],
    ["day - '2024-06-01'::date", '2 int32'],
    ['extract(year from at)', '2024 int32'],
    ["date_trunc('month', at)", '2024-06-01 00:00:00+00 timestamptz'],
    ['cast(at as date)', '2024-06-03 date'],
    ["id = 'B9C9A2C6-3B0E-4A58-9D7E-3E1F0C8F0A11'", 'true boolean'],
    ["cast('12.345' as decimal(6,2))", '12.35 decimal(6,2)'],
    ['"Mixed" * 2 -- a comment', '6 int64'],
    ['substring(name from 2 for 2)', 'av string'],
    ["length('😀日本')", '3 int32'],
  ])('%s is %s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });

  test.each([
    ['none = none', 'null'],
    ['none is null', 'true boolean'],
    ['none = name or yes', 'true boolean'],
    ['none = name and yes', 'null'],
    ['none = name and false', 'false boolean'],
    ["name in ('x', null)", 'null'],
    ["name not in ('x', null)", 'null'],
    ['none || name', 'null'],
    ['concat(none, name)', 'Ravi string'],
  ])('null is unknown: %s is %s', (source, expected) => {
    expect(evaluate(source)).toBe(expected);
  });

  test.each([
    'n / (n - 7)',
    'big * big',
    'cast(price * 10000 as int16)',
    'cast(name as int32)',
    'substring(name, 1, n - 9)',
  ])("a value that an operation can't take is a fault, never a wrong value: %s", (source) => {
    expect(() => evaluate(source)).toThrow(Fault);
  });

  test.each([
    ['n +', '3: expected a value, found the end'],
    [
      'n + nope',
      '4: there is no column "nope" (known: n, big, price, ratio, name, none, yes, day, at, id, Mixed)',
    ],
    ['n and yes', '0: and needs true or false, not int32'],
    ['n = name', '4: =: int32 and string have no common type'],
    ["day > 'yesterday'", '6: not a date of the form YYYY-MM-DD'],
    ["name = 'open", "7: the ' is never closed"],
    ['1 < 2 < 3', '6: comparisons do not chain: join them with and'],
    ['upper(n)', '6: upper needs text, not int32: cast it'],
    ['sleep(10)', /^0: there is no function sleep/],
    ['1 / 0', '2: division by zero'],
    ['ratio % 2', '6: % needs whole numbers or decimals'],
    ['n; drop table x', '1: unexpected ";"'],
    [`${'('.repeat(200)}1${')'.repeat(200)}`, /nested deeper than 100 levels/],
  ])('a mistake is found when compiled, with its place: %s', (source, expected) => {
    if (typeof expected === 'string') expect(mistake(source)).toBe(expected);
    else expect(mistake(source)).toMatch(expected);
  });

  test('a list of constants, however long, is one look-up', () => {
    const many = Array.from({ length: 400 }, (_, i) => i).join(', ');
    expect(evaluate(`n in (${many})`)).toBe('true boolean');
  });
});
