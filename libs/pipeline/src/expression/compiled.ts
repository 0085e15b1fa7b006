import type { ColumnType, ColumnValue } from '@hasivu/change-events';

import { conversionOf } from '../values/convert.ts';
import { Fault } from '../values/fault.ts';
import { parserOf } from '../values/from-text.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { describeType, type ValueType } from './value-type.ts';

/** Reads a row's values (by slot) and gives the expression's. @throws Fault for values that the operation can't take */
export type Evaluate = (values: readonly ColumnValue[]) => ColumnValue;

export interface Compiled {
  readonly type: ValueType;
  readonly evaluate: Evaluate;
  readonly at: number;
  readonly constant: boolean;
  /** Text of a string literal: it takes the type of its surroundings, as in SQL. */
  readonly literal?: string;
}

const NO_VALUES: readonly ColumnValue[] = [];

/** A node over `inputs`; where all of them are constant it is evaluated now, so that mistakes show at compile time. */
export function derived(
  type: ValueType,
  at: number,
  inputs: readonly Compiled[],
  evaluate: Evaluate,
): Compiled {
  if (!inputs.every((input) => input.constant)) return { type, at, constant: false, evaluate };
  const value = attempt(() => evaluate(NO_VALUES), at);
  return { type, at, constant: true, evaluate: () => value };
}

export function constant(type: ValueType, at: number, value: ColumnValue, literal?: string): Compiled {
  return {
    type,
    at,
    constant: true,
    evaluate: () => value,
    ...(literal === undefined ? {} : { literal }),
  };
}

/** Value of a constant. */
export function constantValue(compiled: Compiled): ColumnValue {
  return compiled.evaluate(NO_VALUES);
}

/** The same expression in the representation of `type`; nulls stay null. */
export function coerced(compiled: Compiled, type: ColumnType): Compiled {
  const { at, evaluate } = compiled;
  if (compiled.type.kind === 'null') return constant(type, at, null);
  if (compiled.literal !== undefined && type.kind !== 'string') {
    const parse = parserOf(type);
    if (!parse) throw new ExpressionMistake(`text can't become ${describeType(type)}`, at);
    const { literal } = compiled;
    return constant(
      type,
      at,
      attempt(() => parse(literal), at),
    );
  }
  const convert = conversionOf(compiled.type, type);
  if (!convert)
    throw new ExpressionMistake(`${describeType(compiled.type)} can't become ${describeType(type)}`, at);
  if (compiled.type.kind === type.kind && type.kind !== 'decimal') return { ...compiled, type };
  return derived(type, at, [compiled], (values) => {
    const value = evaluate(values);
    return value === null ? null : convert(value);
  });
}

function attempt<T>(compute: () => T, at: number): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Fault) throw new ExpressionMistake(error.message, at);
    throw error;
  }
}
