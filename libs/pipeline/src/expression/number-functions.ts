import { roundHalfEven } from '../values/convert.ts';
import { checkPrecision, powerOfTen, rescale } from '../values/exact-decimal.ts';
import { checkInteger } from '../values/integer-range.ts';
import { coerced, constantValue, type Compiled } from './compiled.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import {
  argument,
  expectCount,
  INT64,
  numberArgument,
  strict,
  type Call,
  type FunctionCompiler,
} from './function-signature.ts';
import { decimalType, isFloat, isInteger, type DecimalType } from './value-type.ts';

const FLOAT64 = { kind: 'float64' } as const;

export const NUMBER_FUNCTIONS: Record<string, FunctionCompiler> = {
  abs: (call) => {
    expectCount(call, 1, 1);
    const arg = numberArgument(call, 0);
    if (isInteger(arg.type))
      return strict(call, INT64, [coerced(arg, INT64)], (n: bigint) =>
        checkInteger('int64', n < 0n ? -n : n),
      );
    if (isFloat(arg.type)) return strict(call, arg.type, [arg], (n: number) => Math.abs(n));
    return strict(call, arg.type, [arg], (n: bigint) => (n < 0n ? -n : n));
  },
  round: roundFunction,
  floor: (call) => toWhole(call, Math.floor, (n, unit) => (n - (((n % unit) + unit) % unit)) / unit),
  ceil: (call) => toWhole(call, Math.ceil, (n, unit) => (n + (((-n % unit) + unit) % unit)) / unit),
};

/** Decimals round half away from zero, floats half to even: as Postgres does. */
function roundFunction(call: Call): Compiled {
  expectCount(call, 1, 2);
  const arg = numberArgument(call, 0);
  if (call.args.length === 1) {
    if (isInteger(arg.type)) return coerced(arg, INT64);
    if (isFloat(arg.type)) return strict(call, FLOAT64, [arg], roundHalfEven);
    return rounded(call, arg, 0);
  }
  const digits = argument(call, 1);
  const places = digits.constant ? Number(constantValue(coerced(digits, INT64))) : -1;
  if (places < 0 || places > 38)
    throw new ExpressionMistake('round takes a literal number of decimals from 0 to 38', digits.at);
  if (isFloat(arg.type))
    throw new ExpressionMistake('round to decimals needs a decimal: cast the number first', arg.at);
  return isInteger(arg.type) ? coerced(arg, INT64) : rounded(call, arg, places);
}

function rounded(call: Call, arg: Compiled, places: number): Compiled {
  const { precision, scale } = arg.type as DecimalType;
  const kept = Math.min(places, scale);
  const type = decimalType(precision - scale + kept + 1, kept);
  return strict(call, type, [arg], (n: bigint) => checkPrecision(rescale(n, scale, kept), type.precision));
}

function toWhole(
  call: Call,
  float: (n: number) => number,
  exact: (unscaled: bigint, unit: bigint) => bigint,
): Compiled {
  expectCount(call, 1, 1);
  const arg = numberArgument(call, 0);
  if (isInteger(arg.type)) return coerced(arg, INT64);
  if (isFloat(arg.type)) return strict(call, FLOAT64, [arg], float);
  const { precision, scale } = arg.type as DecimalType;
  const unit = powerOfTen(scale);
  const type = decimalType(precision - scale + 1, 0);
  return strict(call, type, [arg], (n: bigint) => checkPrecision(exact(n, unit), type.precision));
}
