import fc from 'fast-check';

import { RANDOM_LITERALS } from '../../../../libs/postgres/src/random-literals.test-data.ts';

export type Literal = fc.Arbitrary<string>;

const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const clock: Literal = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.oneof(fc.nat(999_999), fc.constantFrom(0, 500_000, 123_000)))
  .map(([h, m, s, us]) => `${pad(h)}:${pad(m)}:${pad(s)}.${pad(us, 6)}`);
/** From the year 45 before Christ to 9999; before and behind it Debezium's own clocks differ or stop. */
const day: Literal = fc
  .oneof(fc.integer({ min: 2440588, max: 2480588 }), fc.integer({ min: 1_705_000, max: 5_373_484 }))
  .map((n) => `J${n}`);
const infinite = (literal: Literal): Literal =>
  fc.oneof(
    { weight: 15, arbitrary: literal },
    { weight: 1, arbitrary: fc.constantFrom('infinity', '-infinity') },
  );
const moment: Literal = infinite(fc.tuple(day, clock).map((parts) => parts.join(' ')));

/** Narrower than what Postgres holds, because Debezium stops at the rest; `docs/debezium-differences.md` lists it. */
const NARROWED: Readonly<Record<string, Literal>> = {
  time: clock,
  'time(2) with time zone': fc
    .tuple(clock, fc.constantFrom('+00', '+01', '-08', '+05:30', '-03:30', '+14'))
    .map((parts) => parts.join('')),
  date: infinite(day),
  timestamp: moment,
  'timestamp with time zone': moment,
  'timestamp(1)': moment,
  interval: fc
    .tuple(
      fc.integer({ min: -3000, max: 3000 }),
      fc.integer({ min: -300, max: 300 }),
      fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
    )
    .map(([months, days, micros]) => `${months} months ${days} days ${micros} microseconds`),
};

/** Random literals of a type. */
export function literalsOf(declaration: string): Literal {
  const found = NARROWED[declaration] ?? RANDOM_LITERALS[declaration];
  if (!found) throw new Error(`no literals for ${declaration}`);
  return found;
}

const quoted = (s: string): string => `"${s.replace(/["\\]/g, '\\$&')}"`;

/** Arrays of one dimension that begins at 1; of others Debezium writes only some. */
export function listOf(element: Literal): Literal {
  const item = fc.option(element, { freq: 5 }).map((s) => (s === null ? 'NULL' : quoted(s)));
  return fc.array(item, { maxLength: 5 }).map((items) => `{${items.join(',')}}`);
}
