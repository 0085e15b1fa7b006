import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';

import type { ColumnType, ColumnValue } from '@hasivu/change-events';
import { checkProperty, stack } from '@hasivu/testing';

import { compileExpression, ExpressionMistake, Fault, sqlTypeName } from '../src/index.ts';
import { parserOf } from '../src/values/from-text.ts';
import { textOf } from '../src/values/to-text.ts';

/** Postgres evaluates the same expressions over the same rows. Whole numbers are int8 there: ours never overflow int4. */
const COLUMNS: Record<string, ColumnType> = {
  i: { kind: 'int64' },
  j: { kind: 'int64' },
  d: { kind: 'decimal', precision: 10, scale: 2 },
  e: { kind: 'decimal', precision: 12, scale: 4 },
  f: { kind: 'float64' },
  s: { kind: 'string' },
  t: { kind: 'string' },
  b: { kind: 'boolean' },
  day: { kind: 'date' },
  ts: { kind: 'timestamp' },
  tz: { kind: 'timestamptz' },
};
const names = Object.keys(COLUMNS);
const scope = new Map(names.map((name, slot) => [name, { slot, type: COLUMNS[name] as ColumnType }]));

const text = fc.constantFrom(
  '',
  'a',
  'A%b',
  'Hello World',
  '  pad ',
  'ärger',
  '日本語',
  '😀x',
  'a_b',
  '100',
  "it's",
);
const CELLS: Record<string, fc.Arbitrary<string>> = {
  i: fc
    .oneof(fc.integer({ min: -20, max: 20 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    .map(String),
  j: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer()).map(String),
  d: fc.integer({ min: -9_999_999, max: 9_999_999 }).map((n) => (n / 100).toFixed(2)),
  e: fc.oneof(fc.integer({ min: -30_000, max: 30_000 }), fc.integer()).map((n) => (n / 10_000).toFixed(4)),
  f: fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
    fc.constantFrom('0', '2.5', '-0.5', '1e300', '1e-300'),
  ),
  s: text,
  t: text,
  b: fc.constantFrom('true', 'false'),
  day: fc
    .integer({ min: -40_000, max: 60_000 })
    .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10)),
  ts: fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 })
    .map((n) => new Date(n * 1000 + 123).toISOString().slice(0, 23).replace('T', ' ')),
  tz: fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 })
    .map((n) => `${new Date(n * 1000).toISOString().slice(0, 19).replace('T', ' ')}+00`),
};
const rowArbitrary = fc.tuple(
  ...names.map((name) => fc.option(CELLS[name] as fc.Arbitrary<string>, { freq: 6 })),
);

const node = fc.letrec<{ whole: string; exact: string; float: string; text: string; flag: string }>(
  (tie) => ({
    whole: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        'i',
        'j',
        '#7#',
        '#0#',
        '-#3#',
        '@length(s)',
        '@year(ts)',
        '@month(day)',
        '@dow(day)',
        '@doy(tz)',
        '@hour(ts)',
        '@isodow(ts)',
        '@quarter(day)',
      ),
      fc
        .tuple(tie('whole'), fc.constantFrom('+', '-', '*', '/', '%'), tie('whole'))
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      tie('whole').map((a) => `abs(${a})`),
      fc
        .tuple(tie('flag'), tie('whole'), tie('whole'))
        .map(([c, a, b]) => `case when ${c} then ${a} else ${b} end`),
      fc.tuple(tie('whole'), tie('whole')).map(([a, b]) => `coalesce(${a}, ${b})`),
      fc.tuple(tie('whole'), tie('whole')).map(([a, b]) => `nullif(${a}, ${b})`),
      tie('exact').map((a) => `cast(${a} as bigint)`),
      tie('exact').map((a) => `cast(floor(${a}) as bigint)`),
      tie('float').map((a) => `cast(${a} as bigint)`),
    ),
    exact: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('d', 'e', '0.05', '12.5', '-1.0'),
      fc
        .tuple(
          fc.constantFrom('d', 'e', '1.5'),
          fc.constantFrom('+', '-', '*', '%'),
          fc.oneof(fc.constantFrom('d', 'e', 'i', '0.25')),
        )
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      tie('exact').map((a) => `round(${a}, 1)`),
      tie('exact').map((a) => `round(${a})`),
      tie('exact').map((a) => `abs(${a})`),
      tie('exact').map((a) => `ceil(${a})`),
      tie('exact').map((a) => `floor(${a})`),
      tie('exact').map((a) => `-${a}`),
      tie('exact').map((a) => `cast(${a} as numeric(14,3))`),
      tie('float').map((a) => `cast(${a} as numeric(20,4))`),
      fc.tuple(tie('exact'), tie('exact')).map(([a, b]) => `coalesce(${a}, ${b})`),
    ),
    float: fc.oneof(
      { depthSize: 'small' },
      fc.constant('f'),
      fc
        .tuple(
          tie('float'),
          fc.constantFrom('+', '-', '*', '/'),
          fc.oneof(tie('float'), fc.constantFrom('d', 'j', '#2#')),
        )
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      tie('float').map((a) => `abs(${a})`),
      tie('float').map((a) => `round(${a})`),
      tie('float').map((a) => `floor(${a})`),
      tie('whole').map((a) => `cast(${a} as float8)`),
      fc.constantFrom('d', 'e').map((a) => `cast(${a} as float8)`),
    ),
    text: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('s', 't', "'x'", "''", "'Wor'"),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} || ${b})`),
      fc
        .tuple(tie('text'), fc.oneof(tie('text'), fc.constantFrom('i', 'd', 'day', 'ts', 'f')))
        .map(([a, b]) => `concat(${a}, ${b})`),
      tie('text').map((a) => `lower(${a})`),
      tie('text').map((a) => `upper(${a})`),
      tie('text').map((a) => `trim(${a})`),
      fc
        .tuple(tie('text'), fc.integer({ min: -3, max: 6 }), fc.integer({ min: 0, max: 5 }))
        .map(([a, n, m]) => `substring(${a}, ${n}, ${m})`),
      fc.tuple(tie('text'), fc.integer({ min: -3, max: 6 })).map(([a, n]) => `left(${a}, ${n})`),
      fc.tuple(tie('text'), fc.integer({ min: -3, max: 6 })).map(([a, n]) => `right(${a}, ${n})`),
      fc.tuple(tie('text'), tie('text'), tie('text')).map(([a, b, c]) => `replace(${a}, ${b}, ${c})`),
      fc.constantFrom('i', 'd', 'e', 'f', 'day', 'ts', 'b').map((a) => `cast(${a} as text)`),
      fc
        .constantFrom(
          'cast(tz as date)',
          "date_trunc('month', ts)",
          "date_trunc('week', ts)",
          "date_trunc('hour', ts)",
          'cast(ts as time)',
          'day + 31',
          'day - 1',
        )
        .map((a) => `cast(${a} as text)`),
    ),
    flag: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('b', 'true', 'false', 'null'),
      fc
        .tuple(
          tie('whole'),
          fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
          fc.oneof(tie('whole'), tie('exact'), tie('float')),
        )
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      fc
        .tuple(
          tie('exact'),
          fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
          fc.oneof(tie('exact'), tie('float')),
        )
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      fc
        .tuple(tie('text'), fc.constantFrom('=', '<>', '<', '<=', '>', '>='), tie('text'))
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      fc
        .tuple(
          fc.constantFrom('day', 'ts'),
          fc.constantFrom('=', '<', '>='),
          fc.constantFrom('day', 'ts', "'1999-12-31'"),
        )
        .map(([a, o, b]) => `(${a} ${o} ${b})`),
      fc.tuple(tie('flag'), fc.constantFrom('and', 'or'), tie('flag')).map(([a, o, b]) => `(${a} ${o} ${b})`),
      tie('flag').map((a) => `(not ${a})`),
      fc
        .tuple(fc.oneof(tie('whole'), tie('text'), tie('float')), fc.boolean())
        .map(([a, n]) => `(${a} is ${n ? 'not ' : ''}null)`),
      fc
        .tuple(
          tie('whole'),
          fc.boolean(),
          fc.array(fc.oneof(fc.constantFrom('#1#', '#7#', 'null', 'j')), { minLength: 1, maxLength: 4 }),
        )
        .map(([a, n, list]) => `(${a} ${n ? 'not ' : ''}in (#1#, ${list.join(', ')}))`),
      fc
        .tuple(
          tie('text'),
          fc.boolean(),
          fc.constantFrom('%', 'a%', '%o_W%', '_', '%%b', 'A\\%b', '%a%', '日%'),
        )
        .map(([a, n, p]) => `(${a} ${n ? 'not ' : ''}like '${p}')`),
      fc
        .tuple(tie('whole'), fc.boolean(), tie('whole'), tie('exact'))
        .map(([a, n, b, c]) => `(${a} ${n ? 'not ' : ''}between ${b} and ${c})`),
    ),
  }),
);
const expressionArbitrary = fc.oneof(node.whole, node.exact, node.float, node.text, node.flag);

/** A double may have two shortest texts, at the border between two doubles: the number counts. */
function sameFloat(mine: { type: ColumnType; value: string | null }, theirs: string | null): boolean {
  return (
    mine.type.kind === 'float64' &&
    mine.value !== null &&
    theirs !== null &&
    Number(mine.value) === Number(theirs)
  );
}

describe('expressions agree with Postgres', () => {
  let client: pg.Client;

  beforeAll(async () => {
    client = new pg.Client({ connectionString: stack().postgres.url });
    await client.connect();
    await client.query("SET timezone = 'UTC'; SET extra_float_digits = 1");
  });

  afterAll(async () => {
    await client.end();
  });

  /** `null`: SQL NULL · 'error': Postgres refuses the value. */
  async function postgres(
    expression: string,
    row: (string | null)[],
    type: ColumnType,
  ): Promise<string | null> {
    const columns = names.map(
      (name, i) =>
        `$${i + 1}::${sqlTypeName(COLUMNS[name] as ColumnType)}${COLUMNS[name]?.kind === 'string' ? ' COLLATE pg_c_utf8' : ''} AS ${name}`,
    );
    // Ours count whole numbers in 64 bits; int4 literals and functions of Postgres must not overflow there.
    const widened = expression.replace(/#(\d+)#/g, '$1::bigint').replace(/@(\w+)/g, 'pg_temp.w_$1');
    try {
      const result = await client.query<{ v: string | null }>(
        `SELECT (${widened})::${sqlTypeName(type)}::text AS v FROM (SELECT ${columns.join(', ')} OFFSET 0) AS r`,
        row,
      );
      return result.rows[0]?.v ?? null;
    } catch (error) {
      const { code = '' } = error as pg.DatabaseError;
      if (code.startsWith('22')) return 'error';
      throw new Error(`${(error as Error).message} in ${widened}`, { cause: error });
    }
  }

  function ours(
    expression: string,
    row: (string | null)[],
  ): { type: ColumnType; value: string | null } | null {
    const values: ColumnValue[] = row.map((cell, i) => {
      const parse = parserOf(COLUMNS[names[i] as string] as ColumnType);
      return cell === null || parse === null ? null : parse(cell);
    });
    try {
      const compiled = compileExpression(expression, scope);
      const type: ColumnType = compiled.type.kind === 'null' ? { kind: 'string' } : compiled.type;
      try {
        const value = compiled.evaluate(values);
        return { type, value: value === null ? null : (textOf(type)?.(value) ?? null) };
      } catch (error) {
        if (error instanceof Fault) return { type, value: 'error' };
        throw error;
      }
    } catch (error) {
      // A constant that faults, or a result beyond 38 digits: found at compile time.
      if (error instanceof ExpressionMistake) return null;
      throw error;
    }
  }

  test('random expressions over random rows', async () => {
    for (const name of ['dow', 'doy', 'isodow', 'year', 'month', 'day', 'hour', 'quarter'])
      for (const type of ['date', 'timestamp', 'timestamptz'])
        await client.query(
          `CREATE OR REPLACE FUNCTION pg_temp.w_${name}(x ${type}) RETURNS bigint LANGUAGE sql AS 'SELECT extract(${name} FROM x)::bigint'`,
        );
    await client.query(
      `CREATE OR REPLACE FUNCTION pg_temp.w_length(x text) RETURNS bigint LANGUAGE sql AS 'SELECT length(x)::bigint'`,
    );
    let compared = 0;
    let faults = 0;
    let folded = 0;
    const { seed, runs } = await checkProperty(
      fc.asyncProperty(expressionArbitrary, rowArbitrary, async (expression, row) => {
        const mine = ours(expression.replace(/[#@]/g, ''), row);
        if (!mine) return;
        const theirs = await postgres(expression, row, mine.type);
        compared += 1;
        if (theirs === 'error') faults += 1;
        // The planner may fold `fault and false` to false; SQL leaves the order of evaluation open.
        const skipped = mine.value === 'error' && theirs !== 'error' && / (and|or|between) /.test(expression);
        // It also computes constants in a branch that is then not taken, and refuses the statement over them.
        const early = theirs === 'error' && mine.value !== 'error' && /coalesce\(|case /.test(expression);
        if (skipped || early) {
          folded += 1;
          return;
        }
        expect({ expression, row, value: mine.value }).toEqual({
          expression,
          row,
          value: sameFloat(mine, theirs) ? mine.value : theirs,
        });
      }),
      { budgetMs: 8_000 },
    );
    process.stderr.write(
      `expressions against Postgres: seed ${seed}, ${runs} runs, ${compared} compared, ${faults} refused by both, ${folded} folded away\n`,
    );
    expect(folded).toBeLessThanOrEqual(2 + compared / 500);
    expect(compared).toBeGreaterThan(runs / 2);
  }, 60_000);
});
