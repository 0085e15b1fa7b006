import { Fault } from '../values/fault.ts';
import { derived } from './compiled.ts';
import {
  argument,
  expectCount,
  INT32,
  printedArgument,
  STRING,
  strict,
  textArgument,
  textFunction,
  wholeArgument,
  type Call,
  type FunctionCompiler,
} from './function-signature.ts';
import type { Compiled } from './compiled.ts';

/** Positions and lengths count characters (code points), as Postgres does in UTF-8. */
export const TEXT_FUNCTIONS: Record<string, FunctionCompiler> = {
  lower: textFunction((text) => text.toLowerCase()),
  upper: textFunction((text) => text.toUpperCase()),
  trim: textFunction((text) => text.replace(/^ +/, '').replace(/(?<! ) +$/, '')),
  ltrim: textFunction((text) => text.replace(/^ +/, '')),
  rtrim: textFunction((text) => text.replace(/(?<! ) +$/, '')),
  length: textFunction(characterCount, INT32),
  substring: substringFunction,
  substr: substringFunction,
  left: (call) => ends(call, (characters, n) => (n >= 0 ? characters.slice(0, n) : characters.slice(0, n))),
  right: (call) =>
    ends(call, (characters, n) => characters.slice(n >= 0 ? Math.max(0, characters.length - n) : -n)),
  replace: (call) => {
    expectCount(call, 3, 3);
    return strict(
      call,
      STRING,
      [textArgument(call, 0), textArgument(call, 1), textArgument(call, 2)],
      (text: string, from: string, to: string) => (from === '' ? text : text.split(from).join(to)),
    );
  },
  concat: (call) => {
    expectCount(call, 1, Infinity);
    const parts = call.args.map((_, i) => printedArgument(call, i));
    return derived(STRING, call.at, call.args, (values) => {
      let text = '';
      for (const part of parts) {
        const value = part(values);
        if (value !== null) text += value as string;
      }
      return text;
    });
  },
};

/** `a || b`: null when either side is. */
export function concatenation(at: number, left: Compiled, right: Compiled): Compiled {
  const call: Call = { name: '||', at, args: [left, right] };
  const a = printedArgument(call, 0);
  const b = printedArgument(call, 1);
  return derived(STRING, at, call.args, (values) => {
    const x = a(values);
    const y = b(values);
    return x === null || y === null ? null : (x as string) + (y as string);
  });
}

const SURROGATE = /[\uD800-\uDFFF]/;

function characterCount(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}

function substringFunction(call: Call): Compiled {
  expectCount(call, 2, 3);
  const start = wholeArgument(call, 1);
  const args = [textArgument(call, 0), start];
  if (call.args.length === 2)
    return strict(call, STRING, args, (text: string, from: number) => slice(text, from - 1, Infinity));
  return strict(
    call,
    STRING,
    [...args, wholeArgument(call, 2)],
    (text: string, from: number, count: number) => {
      if (count < 0) throw new Fault('a negative length of a substring');
      return slice(text, from - 1, from - 1 + count);
    },
  );
}

function slice(text: string, from: number, to: number): string {
  const start = Math.max(0, from);
  const end = Math.max(0, to);
  return SURROGATE.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}

function ends(call: Call, pick: (characters: string[], n: number) => string[]): Compiled {
  expectCount(call, 2, 2);
  argument(call, 1);
  return strict(call, STRING, [textArgument(call, 0), wholeArgument(call, 1)], (text: string, n: number) =>
    pick(Array.from(text), n).join(''),
  );
}
