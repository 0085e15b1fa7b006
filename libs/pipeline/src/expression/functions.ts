import type { Compiled } from './compiled.ts';
import { comparison } from './comparison.ts';
import { DATE_FUNCTIONS } from './date-functions.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { argument, expectCount, type Call, type FunctionCompiler } from './function-signature.ts';
import { choice, firstPresent } from './logic.ts';
import { NUMBER_FUNCTIONS } from './number-functions.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { constant } from './compiled.ts';

const FUNCTIONS: ReadonlyMap<string, FunctionCompiler> = new Map(
  Object.entries({
    ...TEXT_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ceiling: NUMBER_FUNCTIONS['ceil'] as FunctionCompiler,
    coalesce: (call: Call) => {
      expectCount(call, 1, Infinity);
      return firstPresent(call.at, call.args);
    },
    nullif: (call: Call) => {
      expectCount(call, 2, 2);
      const [a, b] = [argument(call, 0), argument(call, 1)];
      return choice(
        call.at,
        [{ when: comparison('=', call.at, a, b), then: constant({ kind: 'null' }, call.at, null) }],
        a,
      );
    },
  }),
);

/** Names of every function, for messages and documents. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()].sort();

export function callFunction(name: string, at: number, args: readonly Compiled[]): Compiled {
  const compile = FUNCTIONS.get(name);
  if (!compile)
    throw new ExpressionMistake(`there is no function ${name} (known: ${FUNCTION_NAMES.join(', ')})`, at);
  return compile({ name, at, args });
}
