import { type ColumnValue } from '@hasivu/change-events';

import { checkPrecision, divideRounding, powerOfTen } from '../values/exact-decimal.ts';
import { Fault } from '../values/fault.ts';
import { checkInteger } from '../values/integer-range.ts';
import { coerced, derived, type Compiled, type Evaluate } from './compiled.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import type { ArithmeticOperator } from './syntax.ts';
import {
  asDecimal,
  decimalType,
  describeType,
  isFloat,
  isInteger,
  isNumeric,
  type DecimalType,
} from './value-type.ts';

const INT64 = { kind: 'int64' } as const;
const FLOAT64 = { kind: 'float64' } as const;
const DATE = { kind: 'date' } as const;
const DIVISION_SCALE = 6;

/** Types: whole → int64 (`/` truncates) · decimals exact, `/` to 6 decimals at least · any float → float64. */
export function arithmetic(
  operator: ArithmeticOperator,
  at: number,
  left: Compiled,
  right: Compiled,
): Compiled {
  const [a, b] = adapted(left, right);
  if (a.type.kind === 'date' || b.type.kind === 'date') return dateArithmetic(operator, at, a, b);
  for (const side of [a, b])
    if (!isNumeric(side.type) && side.type.kind !== 'null')
      throw new ExpressionMistake(`${operator} needs numbers, not ${describeType(side.type)}`, side.at);
  if (isFloat(a.type) || isFloat(b.type)) return floatArithmetic(operator, at, a, b);
  if (a.type.kind === 'decimal' || b.type.kind === 'decimal') return decimalArithmetic(operator, at, a, b);
  const l = coerced(a, INT64);
  const r = coerced(b, INT64);
  return derived(INT64, at, [l, r], nullSafe(l.evaluate, r.evaluate, integerOperation(operator)));
}

export function negation(at: number, operand: Compiled): Compiled {
  const { type } = operand;
  if (isInteger(type)) {
    const whole = coerced(operand, INT64);
    return derived(INT64, at, [whole], (values) => {
      const value = whole.evaluate(values);
      return value === null ? null : checkInteger('int64', -(value as bigint));
    });
  }
  if (!isNumeric(type)) throw new ExpressionMistake(`- needs a number, not ${describeType(type)}`, at);
  return derived(type, at, [operand], (values) => {
    const value = operand.evaluate(values);
    return value === null ? null : -(value as number);
  });
}

type Operation<T extends ColumnValue> = (a: T, b: T) => T;

function nullSafe<T extends ColumnValue>(left: Evaluate, right: Evaluate, operation: Operation<T>): Evaluate {
  return (values) => {
    const a = left(values);
    const b = right(values);
    return a === null || b === null ? null : operation(a as T, b as T);
  };
}

// '5' next to a number is a number, as in SQL.
function adapted(left: Compiled, right: Compiled): [Compiled, Compiled] {
  if (left.literal !== undefined && isNumeric(right.type))
    return [coerced(left, right.type as DecimalType), right];
  if (right.literal !== undefined && isNumeric(left.type))
    return [left, coerced(right, left.type as DecimalType)];
  return [left, right];
}

function integerOperation(operator: ArithmeticOperator): Operation<bigint> {
  switch (operator) {
    case '+':
      return (a, b) => checkInteger('int64', a + b);
    case '-':
      return (a, b) => checkInteger('int64', a - b);
    case '*':
      return (a, b) => checkInteger('int64', a * b);
    case '/':
      return (a, b) => checkInteger('int64', a / divisor(b));
    case '%':
      return (a, b) => a % divisor(b);
    default:
      return operator satisfies never;
  }
}

function divisor(value: bigint): bigint {
  if (value === 0n) throw new Fault('division by zero');
  return value;
}

function floatArithmetic(operator: ArithmeticOperator, at: number, a: Compiled, b: Compiled): Compiled {
  if (operator === '%') throw new ExpressionMistake('% needs whole numbers or decimals', at);
  const l = coerced(a, FLOAT64);
  const r = coerced(b, FLOAT64);
  const operation: Operation<number> = (x, y) => {
    if (operator === '/' && y === 0) throw new Fault('division by zero');
    const result = operator === '+' ? x + y : operator === '-' ? x - y : operator === '*' ? x * y : x / y;
    const overflows = !Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y);
    const underflows =
      result === 0 && x !== 0 && (operator === '*' ? y !== 0 : operator === '/' && Number.isFinite(y));
    if (overflows || underflows) throw new Fault('out of the range of float64');
    return result;
  };
  return derived(FLOAT64, at, [l, r], nullSafe(l.evaluate, r.evaluate, operation));
}

function decimalArithmetic(operator: ArithmeticOperator, at: number, a: Compiled, b: Compiled): Compiled {
  const leftType = asDecimal(a.type);
  const rightType = asDecimal(b.type);
  const type = resultType(operator, leftType, rightType);
  if (type.scale > type.precision)
    throw new ExpressionMistake(
      `the result of ${operator} has more decimals than 38 digits hold: cast one side`,
      at,
    );
  const l = coerced(a, leftType);
  const r = coerced(b, rightType);
  return derived(
    type,
    at,
    [l, r],
    nullSafe(l.evaluate, r.evaluate, decimalOperation(operator, leftType.scale, rightType.scale, type)),
  );
}

function resultType(operator: ArithmeticOperator, a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale);
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale);
  switch (operator) {
    case '+':
    case '-':
      return decimalType(whole + scale + 1, scale);
    case '*':
      return decimalType(a.precision + b.precision, a.scale + b.scale);
    case '/':
      return decimalType(38, Math.max(DIVISION_SCALE, scale));
    case '%':
      return decimalType(whole + scale, scale);
    default:
      return operator satisfies never;
  }
}

function decimalOperation(
  operator: ArithmeticOperator,
  leftScale: number,
  rightScale: number,
  result: DecimalType,
): Operation<bigint> {
  const { precision, scale } = result;
  const up = powerOfTen(Math.max(0, scale - leftScale));
  const upRight = powerOfTen(Math.max(0, scale - rightScale));
  switch (operator) {
    case '+':
      return (a, b) => checkPrecision(a * up + b * upRight, precision);
    case '-':
      return (a, b) => checkPrecision(a * up - b * upRight, precision);
    case '*':
      return (a, b) => checkPrecision(a * b, precision);
    case '/': {
      const shift = powerOfTen(scale - leftScale + rightScale);
      return (a, b) => checkPrecision(divideRounding(a * shift, divisor(b)), precision);
    }
    case '%':
      return (a, b) => (a * up) % divisor(b * upRight);
    default:
      return operator satisfies never;
  }
}

function dateArithmetic(operator: ArithmeticOperator, at: number, a: Compiled, b: Compiled): Compiled {
  if (operator === '-' && a.type.kind === 'date' && b.type.kind === 'date')
    return derived(
      { kind: 'int32' },
      at,
      [a, b],
      nullSafe<number>(a.evaluate, b.evaluate, (x, y) => x - y),
    );
  if (operator === '+' && isInteger(a.type)) return dateArithmetic('+', at, b, a);
  if ((operator !== '+' && operator !== '-') || a.type.kind !== 'date' || !isInteger(b.type))
    throw new ExpressionMistake(
      `no ${operator} between ${describeType(a.type)} and ${describeType(b.type)}: dates take days`,
      at,
    );
  const days = coerced(b, { kind: 'int32' });
  const sign = operator === '+' ? 1 : -1;
  return derived(
    DATE,
    at,
    [a, days],
    nullSafe<number>(a.evaluate, days.evaluate, (x, y) => {
      const result = x + sign * y;
      if (result !== (result | 0)) throw new Fault('the date is out of range');
      return result;
    }),
  );
}
