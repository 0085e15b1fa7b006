import type { ColumnType, ColumnValue } from '@hasivu/change-events';

import { coerced, constantValue, derived, type Compiled, type Evaluate } from './compiled.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { compareStrings } from './string-order.ts';
import type { ComparisonOperator } from './syntax.ts';
import { commonType, describeType, type ValueType } from './value-type.ts';

const BOOLEAN = { kind: 'boolean' } as const;

/** Brings operands to one type: string literals take the other's, numbers the wider. @throws ExpressionMistake */
export function unified(
  operands: readonly Compiled[],
  purpose: string,
): { type: ValueType; all: Compiled[] } {
  let type: ValueType = { kind: 'null' };
  for (const operand of operands) {
    if (operand.literal !== undefined) continue;
    const common = commonType(type, operand.type);
    if (!common)
      throw new ExpressionMistake(
        `${purpose}: ${describeType(type)} and ${describeType(operand.type)} have no common type`,
        operand.at,
      );
    type = common;
  }
  if (type.kind === 'null' && operands.some((operand) => operand.literal !== undefined))
    type = { kind: 'string' };
  const target = type;
  if (target.kind === 'null') return { type, all: [...operands] };
  return { type, all: operands.map((operand) => coerced(operand, target)) };
}

export function comparison(
  operator: ComparisonOperator,
  at: number,
  left: Compiled,
  right: Compiled,
): Compiled {
  const { type, all } = unified([left, right], operator);
  const [a, b] = all as [Compiled, Compiled];
  if (type.kind === 'null') return derived(BOOLEAN, at, [a, b], () => null);
  checkComparable(type, at);
  return derived(BOOLEAN, at, [a, b], comparing(operator, type, a.evaluate, b.evaluate));
}

/** `x in (…)`, with SQL's null rules; a list of constants is one look-up. */
export function membership(
  at: number,
  operand: Compiled,
  items: readonly Compiled[],
  negated: boolean,
): Compiled {
  const { type, all } = unified([operand, ...items], 'in');
  const [subject, ...list] = all as [Compiled, ...Compiled[]];
  if (type.kind === 'null') return derived(BOOLEAN, at, all, () => null);
  checkComparable(type, at);
  const find = list.every((item) => item.constant) ? lookUp(list) : scan(list, equality(type));
  return derived(BOOLEAN, at, all, (values) => {
    const value = subject.evaluate(values);
    if (value === null) return null;
    const found = find(value, values);
    return found === null ? null : found !== negated;
  });
}

type Find = (value: ColumnValue, values: readonly ColumnValue[]) => boolean | null;

function lookUp(list: readonly Compiled[]): Find {
  const constants = list.map(constantValue);
  const known = new Set(constants);
  const hasNull = known.delete(null);
  return (value) => known.has(value) || (hasNull ? null : false);
}

function scan(list: readonly Compiled[], equal: (a: ColumnValue, b: ColumnValue) => boolean): Find {
  return (value, values) => {
    let sawNull = false;
    for (const item of list) {
      const other = item.evaluate(values);
      if (other === null) sawNull = true;
      else if (equal(value, other)) return true;
    }
    return sawNull ? null : false;
  };
}

function checkComparable(type: ValueType, at: number): void {
  if (type.kind === 'bytes' || type.kind === 'json' || type.kind === 'array')
    throw new ExpressionMistake(`values of type ${describeType(type)} can't be compared`, at);
}

/** Equality of two non-null values of one type. */
function equality(type: ValueType): (a: ColumnValue, b: ColumnValue) => boolean {
  // SQL counts NaN as equal to itself, unlike JavaScript; Set does as well.
  return type.kind === 'float32' || type.kind === 'float64'
    ? (a, b) => a === b || (a !== a && b !== b)
    : (a, b) => a === b;
}

function comparing(
  operator: ComparisonOperator,
  type: ColumnType,
  left: Evaluate,
  right: Evaluate,
): Evaluate {
  const test = testOf(operator, type);
  return (values) => {
    const a = left(values);
    const b = right(values);
    return a === null || b === null ? null : test(a as number, b as number);
  };
}

type Test = (a: number, b: number) => boolean;

function testOf(operator: ComparisonOperator, type: ColumnType): Test {
  if (operator === '=') return equality(type);
  if (operator === '<>') {
    const equal = equality(type);
    return (a, b) => !equal(a, b);
  }
  const order = orderOf(type);
  switch (operator) {
    case '<':
      return order ? (a, b) => order(a, b) < 0 : (a, b) => a < b;
    case '<=':
      return order ? (a, b) => order(a, b) <= 0 : (a, b) => a <= b;
    case '>':
      return order ? (a, b) => order(a, b) > 0 : (a, b) => a > b;
    case '>=':
      return order ? (a, b) => order(a, b) >= 0 : (a, b) => a >= b;
    default:
      return operator satisfies never;
  }
}

/** How values sort where JavaScript's own order is not SQL's; null where it is. */
function orderOf(type: ColumnType): ((a: ColumnValue, b: ColumnValue) => number) | null {
  switch (type.kind) {
    case 'string':
    case 'uuid':
      return (a, b) => compareStrings(a as string, b as string);
    case 'float32':
    case 'float64':
      return (a, b) => compareFloats(a as number, b as number);
    default:
      return null;
  }
}

/** NaN equals itself and is above every number, as in Postgres. */
export function compareFloats(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
