import { decimalShape } from '@hasivu/delta';

/** Part of an expression that Spark and this engine mean alike, in the words of both. */
export interface SharedTerm {
  /** As Spark types it: a primitive name of Delta's schema, or `null` for NULL alone. */
  readonly type: string;
  /** Spark's SQL, without brackets around it. */
  readonly spark: string;
  /** Stands in Spark's SQL as it is; others get brackets. */
  readonly isAtom: boolean;
  /** This engine's SQL, of that type. */
  readonly engine: string;
  readonly constant?: bigint | string;
}

/** Why the two engines may not mean an expression alike; a part of a sentence. */
export class NotShared extends Error {}

/** It is of a column that there is not. */
export class NoColumn extends NotShared {}

const INTEGERS: readonly string[] = ['byte', 'short', 'integer', 'long'];
/** Digits that Spark gives an integer where it becomes a decimal. */
const DIGITS: Readonly<Record<string, number>> = { byte: 3, short: 5, integer: 10, long: 20 };
const MOST_DIGITS = 38;

/** Of the engine's SQL: some constructs are spelled out by having a part of them twice. */
const MAX_ENGINE_CHARACTERS = 50_000;

/** @param parts whose SQL one term is to be made of @throws NotShared before it would fill the memory */
export function checkSpelledOut(parts: readonly SharedTerm[]): void {
  let characters = 0;
  for (const { engine } of parts) characters += engine.length;
  if (characters > MAX_ENGINE_CHARACTERS)
    throw new NotShared(`it has more than ${MAX_ENGINE_CHARACTERS} characters when it is spelled out`);
}

export function inBrackets({ spark, isAtom }: SharedTerm): string {
  return isAtom ? spark : `(${spark})`;
}

export function isInteger(type: string): boolean {
  return INTEGERS.includes(type);
}

export function isFloating(type: string): boolean {
  return type === 'float' || type === 'double';
}

export function widerInteger(left: string, right: string): string {
  return INTEGERS.indexOf(left) > INTEGERS.indexOf(right) ? left : right;
}

/** Shape of an exact number beside a decimal: a constant has the digits that it has. Null for other types. */
export function exactShape({ type, constant }: SharedTerm): ReturnType<typeof decimalShape> {
  if (!isInteger(type)) return decimalShape(type);
  const digits = typeof constant === 'bigint' ? String(constant).replace('-', '').length : DIGITS[type];
  return { precision: digits as number, scale: 0 };
}

/** @throws NotShared for more digits than Spark keeps without rounding */
export function decimalOf(precision: number, scale: number): string {
  if (precision > MOST_DIGITS)
    throw new NotShared(`a decimal of ${precision} digits is rounded, each engine by its own rule`);
  return `decimal(${precision},${scale})`;
}

/** The type in which two values are compared, or null where they are not by both engines alike. */
export function comparedAs(left: SharedTerm, right: SharedTerm): string | null {
  if (left.type === 'null' || right.type === 'null') return null;
  if (left.type === right.type)
    return COMPARED.has(left.type) || exactShape(left) !== null ? left.type : null;
  if (isInteger(left.type) && isInteger(right.type)) return widerInteger(left.type, right.type);
  const [a, b] = [exactShape(left), exactShape(right)];
  if (a === null || b === null) return null;
  const scale = Math.max(a.scale, b.scale);
  return decimalOf(Math.max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

/** Not truth values: `a = b IN (c)` is read in two ways. */
const COMPARED = new Set(['string', 'date', 'timestamp', 'timestamp_ntz', 'float', 'double']);

/** The type of a value that is one of these, or null where the engines would each find their own. */
export function commonlyTyped(terms: readonly SharedTerm[]): string | null {
  const [first, ...others] = new Set(terms.map(({ type }) => type).filter((type) => type !== 'null'));
  if (first === undefined) return null;
  if (others.length === 0) return first;
  return [first, ...others].every(isInteger) ? others.reduce(widerInteger, first) : null;
}
