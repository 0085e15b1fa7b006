import { decimalText, sameColumnType, type ColumnType, type ColumnValue } from '@hasivu/change-events';

import { MICROS_PER_DAY, splitMicros } from './calendar.ts';
import { checkPrecision, parseDecimal, rescale } from './exact-decimal.ts';
import { Fault } from './fault.ts';
import { parserOf } from './from-text.ts';
import { checkInteger, type IntegerKind } from './integer-range.ts';
import { textOf } from './to-text.ts';

/** Converts a non-null value. @throws Fault when this value has no counterpart */
export type Convert = (value: ColumnValue) => ColumnValue;

const same: Convert = (value) => value;

/** The conversion between two types with Postgres' rounding; null when the types have none. */
export function conversionOf(from: ColumnType, to: ColumnType): Convert | null {
  if (sameColumnType(from, to)) return same;
  if (to.kind === 'string') return textOf(from);
  if (from.kind === 'string') {
    const parse = parserOf(to);
    return parse && ((value) => parse(value as string));
  }
  switch (from.kind) {
    case 'int16':
    case 'int32':
    case 'int64':
      return fromInteger(to);
    case 'decimal':
      return fromDecimal(from.scale, to);
    case 'float32':
    case 'float64':
      return fromFloat(to);
    case 'boolean':
      return to.kind === 'int32' ? (value) => (value ? 1 : 0) : null;
    case 'date':
      return to.kind === 'timestamp' || to.kind === 'timestamptz'
        ? (value) => BigInt(value as number) * MICROS_PER_DAY
        : null;
    case 'timestamp':
    case 'timestamptz':
      return fromTimestamp(to);
    default:
      return null;
  }
}

/** Whole numbers in either representation. */
export function toBigInt(value: ColumnValue): bigint {
  return typeof value === 'bigint' ? value : BigInt(value as number);
}

function fromInteger(to: ColumnType): Convert | null {
  switch (to.kind) {
    case 'int16':
    case 'int32':
      return narrowAfter(to.kind, toBigInt);
    case 'int64':
      return toBigInt;
    case 'float32':
      return (value) => Math.fround(Number(value));
    case 'float64':
      return Number;
    case 'decimal':
      return (value) => checkPrecision(toBigInt(value) * 10n ** BigInt(to.scale), to.precision);
    case 'boolean':
      return (value) => Number(value) !== 0;
    default:
      return null;
  }
}

function narrowAfter(kind: IntegerKind, whole: (value: ColumnValue) => bigint): Convert {
  return (value) => Number(checkInteger(kind, whole(value)));
}

function fromDecimal(scale: number, to: ColumnType): Convert | null {
  switch (to.kind) {
    case 'int16':
    case 'int32':
      return narrowAfter(to.kind, (value) => rescale(value as bigint, scale, 0));
    case 'int64':
      return (value) => checkInteger('int64', rescale(value as bigint, scale, 0));
    case 'float32':
      return (value) => Math.fround(decimalToFloat(value as bigint, scale));
    case 'float64':
      return (value) => decimalToFloat(value as bigint, scale);
    case 'decimal':
      return (value) => checkPrecision(rescale(value as bigint, scale, to.scale), to.precision);
    default:
      return null;
  }
}

/** The nearest double: by way of the text, because dividing two rounded doubles would round twice. */
export function decimalToFloat(unscaled: bigint, scale: number): number {
  return Number(decimalText(unscaled, scale));
}

function fromFloat(to: ColumnType): Convert | null {
  switch (to.kind) {
    case 'int16':
    case 'int32':
      return narrowAfter(to.kind, (value) => wholeOf(value as number));
    case 'int64':
      return (value) => checkInteger('int64', wholeOf(value as number));
    case 'float32':
      return (value) => Math.fround(value as number);
    case 'float64':
      return same;
    case 'decimal':
      return (value) => {
        const number = value as number;
        if (!Number.isFinite(number)) throw new Fault('not a finite number');
        // 15 significant digits are what a double holds for certain; Postgres converts the same way.
        const parsed = parseDecimal(number.toPrecision(15)) as { unscaled: bigint; scale: number };
        return checkPrecision(rescale(parsed.unscaled, parsed.scale, to.scale), to.precision);
      };
    default:
      return null;
  }
}

function wholeOf(value: number): bigint {
  if (!Number.isFinite(value)) throw new Fault('not a finite number');
  return BigInt(roundHalfEven(value));
}

/** Rounds a double to a whole number, half to even; the sign of zero stays. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  const whole = up ? floor + 1 : floor;
  return whole === 0 && value < 0 ? -0 : whole;
}

function fromTimestamp(to: ColumnType): Convert | null {
  switch (to.kind) {
    case 'date':
      return (value) => splitMicros(value as bigint).days;
    case 'time':
      return (value) => splitMicros(value as bigint).ofDay;
    case 'timestamp':
    case 'timestamptz':
      return same;
    default:
      return null;
  }
}
