import type { Difference, Rule, Typed } from '../difference.ts';
import { civilOf, dayOf, daysOf, julianDaysOf, microsOfIso, REFORM, timeOf } from './calendar.ts';
import { bigOf, hstoreOf, intervalMicros, isDecimal, numbersIn, utcOfTimetz } from './postgres-text.ts';

type Same = (debezium: unknown, ours: unknown, difference: Difference) => boolean;

/** A column whose type the connectors write differently: which types, and when the values are the same. */
function written(id: string, debezium: (type: Typed) => boolean, ours: string, same: Same): Rule {
  return {
    id,
    explains: (difference) => {
      const { debezium: a, ours: b } = difference;
      if (a === null || b === null || difference.pgType === '' || !debezium(a) || nameOf(b) !== ours)
        return false;
      if (a.value === null && b.value === null) return true;
      return a.value !== null && b.value !== null && same(a.value, b.value, difference);
    },
  };
}

function nameOf({ type }: Typed): string {
  return type.name === '' ? type.base : type.name;
}

const named =
  (name: string) =>
  ({ type }: Typed): boolean =>
    type.name === name;
const plain =
  (base: string) =>
  ({ type }: Typed): boolean =>
    type.base === base && type.name === '';
const isBytes = (value: unknown): value is Buffer => Buffer.isBuffer(value);

const GEOMETRY = new Set(['line', 'lseg', 'box', 'path', 'polygon', 'circle']);
const base = (pgType: string): string => pgType.replace(/\(.*?\)|\[\]|^\w+\./g, '').trim();

/** What Debezium writes for an infinity, by what this source writes for it: in the stream, in copies, in arrays. */
const INFINITE: Readonly<Record<string, ReadonlyMap<unknown, readonly unknown[]>>> = {
  date: new Map([
    [2_932_896, [-2_147_472_692, -622_191_234]],
    [-719_162, [-2_147_472_691, -625_821_272]],
  ]),
  'local-timestamp-micros': new Map([
    [253_402_300_799_999_999n, [9_223_372_036_825_200_000n, 9_223_372_036_825_200n]],
    [-62_135_596_800_000_000n, [-9_223_372_036_832_400_000n, -9_223_372_036_832_400n]],
  ]),
  'timestamp-micros': new Map([
    [253_402_300_799_999_999n, ['infinity']],
    [-62_135_596_800_000_000n, ['-infinity', '+292269055-12-02T23:00:00.000000Z']],
  ]),
};

const infinities: Rule = {
  id: 'infinite-times',
  explains: ({ debezium, ours }) =>
    debezium !== null && !!INFINITE[ours?.type.name ?? '']?.get(ours?.value)?.includes(debezium.value),
};

/** Caesar's calendar before 1582-10-15, where values come through JDBC: in copies and in arrays. */
const julian: Rule = {
  id: 'calendar-before-1582',
  explains: ({ debezium, ours, op, path }) => {
    if (!debezium || !ours || (op !== 'r' && !path.endsWith('[]'))) return false;
    const { value } = ours;
    if (typeof value === 'number')
      return value < REFORM && julianReadings(value).includes(Number(debezium.value));
    if (typeof value !== 'bigint' || dayOf(value) >= REFORM) return false;
    const theirs = microsOf(debezium);
    return julianReadings(dayOf(value)).some(
      (days) => BigInt(days) * 86_400_000_000n + timeOf(value) === theirs,
    );
  },
};

/** A day as Caesar's calendar has it; a year before Christ perhaps as one after. */
function julianReadings(days: number): number[] {
  const [year, month, day] = civilOf(days);
  const julian = julianDaysOf(days);
  return year > 0
    ? [julian]
    : [julian, daysOf(1 - year, month, day), julianDaysOf(daysOf(1 - year, month, day))];
}

function microsOf({ type, value }: Typed): bigint | null {
  if (typeof value === 'string') return microsOfIso(value);
  if (typeof value !== 'bigint') return null;
  return type.name === 'io.debezium.time.Timestamp' ? value * 1000n : value;
}

const missing: Rule = {
  id: 'arrays-left-out',
  explains: ({ debezium, ours, pgType }) =>
    debezium === null && ours?.type.base === 'array' && base(pgType) === 'interval',
};

/** Enums and domains in arrays have no null for Debezium, numbers no NaN: it writes no array at all. */
const arrayOfNull: Rule = {
  id: 'arrays-null-as-a-whole',
  explains: ({ debezium, ours, path, pgType, pair, column }) => {
    if (debezium?.value !== null || !Array.isArray(ours?.value) || !pgType.endsWith('[]')) return false;
    const text = pair?.ours.record.headers[`pg.text.${column}`] ?? '';
    // The text belongs to the new row; of an old one only the null is known.
    if (pgType.startsWith('numeric'))
      return text.includes('NaN') || (path.startsWith('before.') && ours.value.includes(null));
    return ['mood', 'price'].includes(base(pgType)) && ours.value.includes(null);
  },
};

const notANumber: Rule = {
  id: 'numeric-not-finite',
  explains: ({ debezium, ours, pgType, pair, column }) => {
    if (!pgType.startsWith('numeric') || debezium?.value !== null) return false;
    const text = pair?.ours.record.headers[`pg.text.${column}`] ?? ours?.value;
    return text === 'NaN' || text === 'Infinity' || text === '-Infinity';
  },
};

export const TYPE_RULES: readonly Rule[] = [
  infinities,
  julian,
  written(
    'timestamptz-as-text',
    named('io.debezium.time.ZonedTimestamp'),
    'timestamp-micros',
    (a, b) => microsOfIso(String(a)) === b,
  ),
  written(
    'milliseconds',
    named('io.debezium.time.Time'),
    'time-micros',
    (a, b) => BigInt(Number(a)) * 1000n === b,
  ),
  written(
    'milliseconds',
    named('io.debezium.time.Timestamp'),
    'local-timestamp-micros',
    (a, b) => (a as bigint) * 1000n === b,
  ),
  written(
    'time-in-arrays',
    named('io.debezium.time.MicroTime'),
    'time-micros',
    (a, b, { path }) => path.endsWith('[]') && ((b as bigint) / 1000n) * 1000n === a,
  ),
  written(
    'timetz-in-utc',
    named('io.debezium.time.ZonedTime'),
    'string',
    (a, b) => utcOfTimetz(String(a)) !== null && utcOfTimetz(String(a)) === utcOfTimetz(String(b)),
  ),
  written('interval-as-microseconds', named('io.debezium.time.MicroDuration'), 'string', (a, b) => {
    const micros = intervalMicros(String(b));
    return micros !== null && Math.abs(Number(a) - micros) <= Math.abs(micros) * 1e-15 + 1;
  }),
  written('numeric-with-own-scale', named('io.debezium.data.VariableScaleDecimal'), 'string', (a, b) => {
    const { scale, value } = a as { scale: number; value: Buffer };
    return isDecimal(String(b), bigOf(value), scale);
  }),
  written(
    'numeric-beyond-38-digits',
    (type) =>
      named('org.apache.kafka.connect.data.Decimal')(type) && Number(type.type.schema['precision']) > 38,
    'string',
    (a, b, { debezium }) =>
      isBytes(a) && isDecimal(String(b), bigOf(a), Number(debezium?.type.schema['scale'] ?? 0)),
  ),
  written('money', named('org.apache.kafka.connect.data.Decimal'), 'string', (a, b, { pgType, op }) => {
    if (pgType !== 'money' || !isBytes(a)) return false;
    const text = String(b).replace(/[$,]/g, '');
    // A copy reads money as a double.
    return (
      isDecimal(text, bigOf(a), 2) ||
      (op === 'r' && Math.abs(Number(bigOf(a)) / 100 - Number(text)) <= Math.abs(Number(text)) * 2 ** -52)
    );
  }),
  written('bits', named('io.debezium.data.Bits'), 'string', (a, b) => {
    const text = String(b);
    const size = Math.max(isBytes(a) ? a.length : 0, Math.ceil(text.length / 8));
    const expected = Buffer.from(
      (text === '' ? 0n : BigInt(`0b${text}`)).toString(16).padStart(size * 2, '0'),
      'hex',
    ).reverse();
    return isBytes(a) && Buffer.concat([a, Buffer.alloc(size - a.length)]).equals(expected);
  }),
  written(
    'bits',
    plain('boolean'),
    'string',
    (a, b, { pgType }) => pgType.startsWith('bit') && a === (b === '1'),
  ),
  written('hstore-as-json', named('io.debezium.data.Json'), 'string', (a, b, { pgType }) => {
    if (base(pgType) !== 'hstore') return false;
    const [theirs, mine] = [JSON.parse(String(a)) as Record<string, unknown>, hstoreOf(String(b))];
    const names = Object.keys(mine);
    return names.length === Object.keys(theirs).length && names.every((name) => theirs[name] === mine[name]);
  }),
  written('point-as-record', named('io.debezium.data.geometry.Point'), 'string', (a, b) => {
    const { x, y } = a as { x: number; y: number };
    const { numbers, rest } = numbersIn(String(b));
    return rest === '(#,#)' && Object.is(numbers[0], x) && Object.is(numbers[1], y);
  }),
  written('other-types-as-bytes', plain('bytes'), 'string', (a, b, { pgType }) => {
    if (GEOMETRY.has(base(pgType))) {
      const [theirs, mine] = [numbersIn(String(a)), numbersIn(String(b))];
      return theirs.rest === mine.rest && mine.numbers.every((n, i) => Object.is(n, theirs.numbers[i]));
    }
    return isBytes(a) && a.toString() === b;
  }),
  written('other-types-as-bytes', plain('bytes'), 'decimal', (a, b, { ours, path }) => {
    return (
      path.endsWith('[]') &&
      isBytes(b) &&
      isDecimal(String(a), bigOf(b), Number(ours?.type.schema['scale'] ?? 0))
    );
  }),
  notANumber,
  arrayOfNull,
  missing,
];
