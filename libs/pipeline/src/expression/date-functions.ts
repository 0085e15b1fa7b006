import type { ColumnValue } from '@hasivu/change-events';

import {
  civilOf,
  daysOf,
  MICROS_PER_DAY,
  MICROS_PER_SECOND,
  splitMicros,
  type Civil,
} from '../values/calendar.ts';
import { coerced, constantValue, type Compiled } from './compiled.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import {
  argument,
  expectCount,
  INT32,
  INT64,
  strict,
  type Call,
  type FunctionCompiler,
} from './function-signature.ts';
import { describeType } from './value-type.ts';

type Read = (value: ColumnValue) => number;

const ofDate: Record<string, (civil: Civil, days: number) => number> = {
  year: ({ year }) => (year <= 0 ? year - 1 : year),
  quarter: ({ month }) => Math.ceil(month / 3),
  month: ({ month }) => month,
  day: ({ day }) => day,
  dow: (_, days) => (((days + 4) % 7) + 7) % 7,
  isodow: (_, days) => ((((days + 3) % 7) + 7) % 7) + 1,
  doy: ({ year }, days) => days - daysOf(year, 1, 1) + 1,
};

const ofTime: Record<string, (secondOfDay: number) => number> = {
  hour: (second) => Math.floor(second / 3600),
  minute: (second) => Math.floor(second / 60) % 60,
  second: (second) => second % 60,
};

/** Parts of dates and times as whole numbers; instants are read in UTC. `extract(year from x)` is `year(x)`. */
export const DATE_FUNCTIONS: Record<string, FunctionCompiler> = {
  ...Object.fromEntries(Object.entries(ofDate).map(([name, part]) => [name, datePart(part)])),
  ...Object.fromEntries(Object.entries(ofTime).map(([name, part]) => [name, timePart(part)])),
  epoch: (call) => {
    expectCount(call, 1, 1);
    const instant = instantArgument(call, 0);
    return strict(call, INT64, [instant], (micros: bigint) => floorDivide(micros, MICROS_PER_SECOND));
  },
  date_trunc: truncation,
};

function datePart(part: (civil: Civil, days: number) => number): FunctionCompiler {
  return (call) => {
    expectCount(call, 1, 1);
    const arg = argument(call, 0);
    const days = daysReader(call, arg);
    return strict(call, INT32, [arg], (value: ColumnValue) => {
      const at = days(value);
      return part(civilOf(at), at);
    });
  };
}

function daysReader(call: Call, arg: Compiled): Read {
  switch (arg.type.kind) {
    case 'null':
    case 'date':
      return (value) => value as number;
    case 'timestamp':
    case 'timestamptz':
      return (value) => splitMicros(value as bigint).days;
    default:
      throw new ExpressionMistake(
        `${call.name} needs a date or timestamp, not ${describeType(arg.type)}`,
        arg.at,
      );
  }
}

function timePart(part: (secondOfDay: number) => number): FunctionCompiler {
  return (call) => {
    expectCount(call, 1, 1);
    const arg = argument(call, 0);
    const { kind } = arg.type;
    if (kind !== 'time' && kind !== 'timestamp' && kind !== 'timestamptz' && kind !== 'null')
      throw new ExpressionMistake(
        `${call.name} needs a time or timestamp, not ${describeType(arg.type)}`,
        arg.at,
      );
    return strict(call, INT32, [arg], (micros: bigint) =>
      part(Number(splitMicros(micros).ofDay / MICROS_PER_SECOND)),
    );
  };
}

function instantArgument(call: Call, index: number): Compiled {
  const arg = argument(call, index);
  const { kind } = arg.type;
  if (kind === 'timestamp' || kind === 'timestamptz') return arg;
  if (kind === 'date' || kind === 'null') return coerced(arg, { kind: 'timestamp' });
  throw new ExpressionMistake(
    `${call.name} needs a date or timestamp, not ${describeType(arg.type)}`,
    arg.at,
  );
}

const CLOCK_UNITS: Record<string, bigint> = {
  second: MICROS_PER_SECOND,
  minute: 60n * MICROS_PER_SECOND,
  hour: 3600n * MICROS_PER_SECOND,
  day: MICROS_PER_DAY,
};

const CALENDAR_UNITS: Record<string, (civil: Civil, days: number) => number> = {
  week: (_, days) => days - ((((days + 3) % 7) + 7) % 7),
  month: ({ year, month }) => daysOf(year, month, 1),
  quarter: ({ year, month }) => daysOf(year, month - ((month - 1) % 3), 1),
  year: ({ year }) => daysOf(year, 1, 1),
};

function truncation(call: Call): Compiled {
  expectCount(call, 2, 2);
  const unit = argument(call, 0);
  const instant = instantArgument(call, 1);
  const clock = CLOCK_UNITS[unit.literal ?? ''];
  if (clock !== undefined)
    return strict(call, instant.type, [instant], (micros: bigint) => floorDivide(micros, clock) * clock);
  const calendar = CALENDAR_UNITS[unit.literal ?? ''];
  if (!calendar || constantValue(unit) === null)
    throw new ExpressionMistake(
      `date_trunc takes one of ${[...Object.keys(CLOCK_UNITS), ...Object.keys(CALENDAR_UNITS)].join(', ')} as text`,
      unit.at,
    );
  return strict(call, instant.type, [instant], (micros: bigint) => {
    const { days } = splitMicros(micros);
    return BigInt(calendar(civilOf(days), days)) * MICROS_PER_DAY;
  });
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
