import { field, type DeltaField } from '@hasivu/delta';
import fc from 'fast-check';

/** Columns that the expressions are over, with SQL values of the engine: what rows have in them. */
export const COLUMNS: readonly { readonly own: DeltaField; readonly values: fc.Arbitrary<string> }[] = [
  { own: field('small', 'short'), values: fc.integer({ min: -300, max: 300 }).map(String) },
  {
    own: field('n', 'integer'),
    values: fc.oneof(integers(1e6), fc.constantFrom('2147483647', '-2147483648')),
  },
  { own: field('id', 'long'), values: fc.oneof(integers(1e12), fc.constantFrom('9223372036854775807', '0')) },
  {
    own: field('amount', 'decimal(10,2)'),
    values: integers(9_999_999_999).map((cents) => `(${cents})::HUGEINT::DECIMAL(20,0) * 0.01`),
  },
  {
    own: field('rate', 'decimal(6,4)'),
    values: integers(999_999).map((parts) => `(${parts})::DECIMAL(10,0) * 0.0001`),
  },
  {
    own: field('d', 'double'),
    values: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((d) => `'${d}'`),
      fc.constantFrom("'NaN'", "'-Infinity'", "'-0.0'", "'0.1'"),
    ),
  },
  {
    own: field('f', 'float'),
    values: fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }).map((f) => `'${f}'`),
      fc.constantFrom("'NaN'", "'-Infinity'", "'-0.0'", "'0.1'"),
    ),
  },
  { own: field('words', 'string'), values: texts() },
  { own: field('order', 'string'), values: texts() },
  {
    own: field('day', 'date'),
    values: fc.oneof(
      days().map((day) => `DATE '${day}'`),
      fc.constantFrom("DATE '9999-12-31'", "DATE '0001-01-01'"),
    ),
  },
  {
    own: field('at', 'timestamp_ntz'),
    values: fc.oneof(
      fc
        .tuple(days(), fc.integer({ min: 0, max: 86_399_999_999 }))
        .map(([day, micros]) => `TIMESTAMP '${day}' + INTERVAL (${micros}) MICROSECONDS`),
      fc.constantFrom(
        "TIMESTAMP '1969-12-31 23:59:59.999999'",
        "TIMESTAMP '9999-12-31 23:59:59.999999'",
        "TIMESTAMP '0001-01-01'",
      ),
    ),
  },
  { own: field('ok', 'boolean'), values: fc.constantFrom('true', 'false') },
];

function integers(most: number): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.integer({ min: -20, max: 20 }),
      fc.maxSafeInteger().map((n) => n % (most + 1)),
    )
    .map(String);
}

function days(): fc.Arbitrary<string> {
  return fc
    .integer({ min: -719_162, max: 2_932_896 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
}

function texts(): fc.Arbitrary<string> {
  const letters = fc.oneof(
    fc.constantFrom(...'ab %_é\t\n'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  return fc
    .array(letters, { maxLength: 8 })
    .map((all) => `'${all.join('').replaceAll('\0', '').replaceAll("'", "''")}'`);
}

const word = fc.constantFrom("'a'", "'b '", "''", "'é'", "'x_y'");
const pattern = fc.constantFrom("'a%'", "'%b_'", "'_'", "'%é%'", "'a_%'");
const count = fc.integer({ min: 0, max: 5 });

/** Expressions of Spark's SQL by their kind; some have more digits than a decimal, and are refused. */
const expressions = fc.letrec<
  Record<'whole' | 'exact' | 'text' | 'day' | 'truth' | 'double' | 'single', string>
>((tie) => {
  const [whole, exact, text, day, truth, double, single] = (
    ['whole', 'exact', 'text', 'day', 'truth', 'double', 'single'] as const
  ).map((name) => tie(name)) as [
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
    fc.Arbitrary<string>,
  ];
  const any = fc.oneof(whole, exact, text, day, truth, double, single);
  const sized = (leaf: fc.Arbitrary<string>, ...more: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, ...more);
  const with2 = (a: fc.Arbitrary<string>, b: fc.Arbitrary<string>, say: (a: string, b: string) => string) =>
    fc.tuple(a, b).map(([left, right]) => say(left, right));
  const cases = (of: fc.Arbitrary<string>): fc.Arbitrary<string>[] => [
    fc.tuple(truth, of, of).map(([when, then, other]) => `CASE WHEN ${when} THEN ${then} ELSE ${other} END`),
    fc.tuple(truth, of).map(([when, then]) => `CASE WHEN ${when} THEN ${then} END`),
    with2(of, of, (a, b) => `coalesce(${a}, ${b})`),
  ];
  const compared = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof(
      fc.tuple(of, fc.constantFrom('=', '<>', '<', '<=', '>', '>='), of).map((all) => all.join(' ')),
      fc.tuple(of, of, of).map(([a, b, c]) => `${a} BETWEEN ${b} AND ${c}`),
      fc
        .tuple(of, fc.constantFrom('IN', 'NOT IN'), of, of)
        .map(([a, sign, b, c]) => `${a} ${sign} (${b}, ${c})`),
    );
  const partOf = fc.constantFrom('year', 'quarter', 'month', 'day', 'dayofmonth', 'dayofyear');
  return {
    whole: sized(
      fc.constantFrom('small', 'n', 'id', '7', '-3', '0', '4000000000'),
      fc.tuple(whole, fc.constantFrom('+', '-', '*'), whole).map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
      with2(whole, fc.integer({ min: 1, max: 99 }).map(String), (a, b) => `(${a}) % ${b}`),
      text.map((a) => `length(${a})`),
      with2(partOf, fc.oneof(day, fc.constant('at')), (name, a) => `${name}(${a})`),
      fc.constantFrom('hour(at)', 'minute(at)', 'CAST(ok AS INT)'),
      whole.map((a) => `abs(${a})`),
      whole.map((a) => `-(${a})`),
      fc
        .tuple(whole, fc.constantFrom('BIGINT', 'INT', 'SMALLINT'))
        .map(([a, type]) => `CAST(${a} AS ${type})`),
      with2(whole, whole, (a, b) => `nullif(${a}, ${b})`),
      ...cases(whole),
    ),
    exact: sized(
      fc.constantFrom(
        'amount',
        'rate',
        '1.5',
        '-0.05',
        '100.00',
        'CAST(n AS DECIMAL(12,1))',
        'CAST(rate AS DECIMAL(9,5))',
        'CAST(small AS DECIMAL)',
        'CAST(n AS NUMERIC)',
        'CAST(n AS DEC)',
      ),
      fc
        .tuple(exact, fc.constantFrom('+', '-', '*'), fc.oneof(exact, whole))
        .map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
      exact.map((a) => `abs(${a})`),
      exact.map((a) => `-(${a})`),
      with2(truth, exact, (when, then) => `CASE WHEN ${when} THEN ${then} ELSE NULL END`),
    ),
    text: sized(
      fc.oneof(fc.constantFrom('words', '`order`'), word),
      with2(text, text, (a, b) => `${a} || ${b}`),
      with2(text, text, (a, b) => `concat(${a}, ${b})`),
      fc.tuple(text, count, count).map(([a, from, many]) => `substring(${a}, ${from + 1}, ${many})`),
      fc.tuple(text, count).map(([a, from]) => `substr(${a}, ${from + 1})`),
      fc.tuple(text, count).map(([a, many]) => `left(${a}, ${many})`),
      fc.tuple(fc.constantFrom('trim', 'ltrim', 'rtrim'), text).map(([name, a]) => `${name}(${a})`),
      fc.oneof(whole, truth).map((a) => `CAST(${a} AS STRING)`),
      ...cases(text),
    ),
    day: sized(
      fc.constantFrom('day', 'CAST(at AS DATE)', "DATE '2024-02-29'", "CAST('1970-01-01' AS DATE)"),
      ...cases(day),
    ),
    truth: sized(
      fc.constantFrom('ok', 'true'),
      compared(text),
      compared(day),
      compared(fc.oneof(whole, exact)),
      compared(double),
      compared(single),
      with2(text, pattern, (a, like) => `${a} LIKE ${like}`),
      with2(text, pattern, (a, like) => `${a} NOT LIKE ${like}`),
      any.map((a) => `(${a}) IS NULL`),
      any.map((a) => `(${a}) IS NOT NULL`),
      truth.map((a) => `NOT (${a})`),
      fc.tuple(truth, fc.constantFrom('AND', 'OR'), truth).map(([a, sign, b]) => `((${a}) ${sign} (${b}))`),
    ),
    double: sized(
      fc.constantFrom('d', 'CAST(n AS DOUBLE)', 'CAST(id AS DOUBLE)', 'CAST(f AS DOUBLE)'),
      fc.tuple(double, fc.constantFrom('+', '-', '*'), double).map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
      double.map((a) => `abs(${a})`),
    ),
    single: sized(
      fc.constantFrom('f', 'CAST(n AS FLOAT)'),
      fc.tuple(single, fc.constantFrom('+', '-', '*'), single).map(([a, sign, b]) => `(${a}) ${sign} (${b})`),
      single.map((a) => `abs(${a})`),
    ),
  };
});

/**
 * Constants at the ends of the types, by themselves: inside of others, one engine may come to an overflow that the other
 * passes by.
 */
const edges = fc
  .tuple(
    fc.constantFrom('-2147483648', '-(2147483648)', '-2147483649', '2147483648', '-9223372036854775808'),
    fc.constantFrom<(edge: string) => string>(
      (edge) => `coalesce(n, ${edge})`,
      (edge) => `CASE WHEN ok THEN small ELSE ${edge} END`,
      (edge) => `nullif(id, ${edge})`,
      (edge) => `id >= ${edge}`,
      (edge) => `${edge} % 7`,
      (edge) => `amount * ${edge}`,
      (edge) => `${edge} + 300`,
      (edge) => `CAST(${edge} AS STRING) || words`,
    ),
  )
  .map(([edge, say]) => say(edge));

/** Each kind alike often, and never a column by itself. */
export const EXPRESSIONS: fc.Arbitrary<string> = fc
  .oneof(
    expressions.whole,
    expressions.exact,
    expressions.text,
    expressions.day,
    expressions.truth,
    expressions.double,
    expressions.single,
    edges,
  )
  .filter((expression) => expression.includes(' ') || expression.includes('('));
