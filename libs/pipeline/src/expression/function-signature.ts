import type { ColumnType, ColumnValue } from '@hasivu/change-events';

import { textOf } from '../values/to-text.ts';
import { coerced, constant, derived, type Compiled, type Evaluate } from './compiled.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { describeType, isNumeric, type ValueType } from './value-type.ts';

/** Checks the arguments' types and builds the call. @throws ExpressionMistake */
export type FunctionCompiler = (call: Call) => Compiled;

export interface Call {
  readonly name: string;
  readonly at: number;
  readonly args: readonly Compiled[];
}

export const STRING = { kind: 'string' } as const;
export const INT32 = { kind: 'int32' } as const;
export const INT64 = { kind: 'int64' } as const;

export function argument(call: Call, index: number): Compiled {
  return call.args[index] as Compiled;
}

export function expectCount(call: Call, least: number, most: number): void {
  const { length } = call.args;
  if (length >= least && length <= most) return;
  const wanted = least === most ? String(least) : `${least} to ${most === Infinity ? 'any number of' : most}`;
  throw new ExpressionMistake(`${call.name} takes ${wanted} arguments, not ${length}`, call.at);
}

export function textArgument(call: Call, index: number): Compiled {
  const arg = argument(call, index);
  if (arg.type.kind === 'null') return constant(STRING, arg.at, null);
  if (arg.type.kind !== 'string')
    throw new ExpressionMistake(`${call.name} needs text, not ${describeType(arg.type)}: cast it`, arg.at);
  return arg;
}

export function wholeArgument(call: Call, index: number): Compiled {
  return coerced(argument(call, index), INT32);
}

export function numberArgument(call: Call, index: number): Compiled {
  const arg = argument(call, index);
  if (!isNumeric(arg.type))
    throw new ExpressionMistake(`${call.name} needs a number, not ${describeType(arg.type)}`, arg.at);
  return arg;
}

/** Any printable argument as text. */
export function printedArgument(call: Call, index: number): Evaluate {
  const arg = argument(call, index);
  if (arg.type.kind === 'string' || arg.type.kind === 'null') return arg.evaluate;
  const print = textOf(arg.type);
  if (!print) throw new ExpressionMistake(`${describeType(arg.type)} has no text form`, arg.at);
  return (values) => {
    const value = arg.evaluate(values);
    return value === null ? null : print(value);
  };
}

/** A call whose result is null as soon as one argument is. */
export function strict(
  call: Call,
  type: ValueType,
  args: readonly Compiled[],
  apply: (...values: never[]) => ColumnValue,
): Compiled {
  const [first, second, third] = args.map((arg) => arg.evaluate);
  const run = apply as (a: unknown, b?: unknown, c?: unknown) => ColumnValue;
  // All arguments are evaluated before the first null decides, as Postgres does: a fault in any of them shows.
  return derived(type, call.at, args, (values) => {
    const a = first === undefined ? undefined : first(values);
    if (second === undefined) return a === null ? null : run(a);
    const b = second(values);
    if (third === undefined) return a === null || b === null ? null : run(a, b);
    const c = third(values);
    return a === null || b === null || c === null ? null : run(a, b, c);
  });
}

export function textFunction(
  apply: (text: string) => ColumnValue,
  type: ColumnType = STRING,
): FunctionCompiler {
  return (call) => {
    expectCount(call, 1, 1);
    return strict(call, type, [textArgument(call, 0)], apply);
  };
}
