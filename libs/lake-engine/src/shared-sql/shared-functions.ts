import { engineType } from '../engine-sql.ts';
import { dayOf, engineAs, wholeConstant } from './shared-casts.ts';
import {
  decimalOf,
  exactShape,
  inBrackets,
  isFloating,
  isInteger,
  NotShared,
  widerInteger,
  type SharedTerm,
} from './shared-term.ts';

type SharedFunction = (args: readonly SharedTerm[], name: string) => SharedTerm;

/** The function of these arguments. @throws NotShared */
export function sharedCall(name: string, args: readonly SharedTerm[]): SharedTerm {
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (known === undefined) throw new NotShared(`the function ${name} is none of it`);
  return known(args, name);
}

const dayPart: SharedFunction = (args, name) => {
  const { spark, engine } = dayOf(only(args, name), name);
  return call('integer', `${name}(${spark})`, `CAST(${name}(${engine}) AS INTEGER)`);
};

const timePart: SharedFunction = (args, name) => {
  const own = only(args, name);
  if (own.type !== 'timestamp_ntz') {
    dayOf(own, name);
    throw new NotShared(`${name} of a ${own.type} is none of it`);
  }
  return call('integer', `${name}(${own.spark})`, `CAST(${name}(${own.engine}) AS INTEGER)`);
};

/** Spark takes blanks away, and this engine by itself other white space too. */
const trimmed: SharedFunction = (args, name) => {
  const own = texts(args, name, 1)[0] as SharedTerm;
  return call('string', `${name}(${own.spark})`, `${name}(${own.engine}, ' ')`);
};

const counted: SharedFunction = (args, name) => {
  const own = texts(args, name, 1)[0] as SharedTerm;
  return call('integer', `length(${own.spark})`, `CAST(length(${own.engine}) AS INTEGER)`);
};

const part: SharedFunction = (args, name) => {
  const [own, from, many, ...more] = args;
  if (own?.type !== 'string' || more.length > 0)
    throw new NotShared(`${name} takes a text and whole numbers`);
  const numbers = [constantOf(from, name, 1n), ...(many === undefined ? [] : [constantOf(many, name, 0n)])];
  return call(
    'string',
    `substring(${own.spark}, ${numbers.join(', ')})`,
    `substring(${own.engine}, ${numbers.join(', ')})`,
  );
};

const beginning: SharedFunction = (args, name) => {
  const [own, many, ...more] = args;
  if (own?.type !== 'string' || more.length > 0)
    throw new NotShared(`${name} takes a text and a whole number`);
  const letters = constantOf(many, name, 0n);
  return call('string', `left(${own.spark}, ${letters})`, `substring(${own.engine}, 1, ${letters})`);
};

const joined: SharedFunction = (args, name) => {
  const all = texts(args, name, args.length);
  if (all.length < 2) throw new NotShared(`${name} of ${all.length} texts is none of it`);
  return {
    type: 'string',
    spark: all.map(inBrackets).join(' || '),
    isAtom: false,
    engine: `(${all.map(({ engine }) => engine).join(' || ')})`,
  };
};

const size: SharedFunction = (args, name) => {
  const own = only(args, name);
  if (exactShape(own) === null && !isFloating(own.type))
    throw new NotShared(`${name} of a ${own.type} is none of it`);
  return call(own.type, `abs(${own.spark})`, `CAST(abs(${own.engine}) AS ${engineType(own.type)})`);
};

const remainder: SharedFunction = ([left, right], name) => {
  if (left === undefined || right === undefined || !isInteger(left.type) || !isInteger(right.type))
    throw new NotShared(`${name} is of whole numbers`);
  if (typeof right.constant !== 'bigint' || right.constant === 0n)
    throw new NotShared('a remainder is by a constant other than 0: the others differ where it is 0');
  return binary(widerInteger(left.type, right.type), left, '%', right);
};

const letterCase: SharedFunction = (_args, name) => {
  throw new NotShared(`${name} changes other letters than A to Z in another way in each engine`);
};

const FUNCTIONS: Readonly<Record<string, SharedFunction>> = {
  '+': arithmetic,
  '-': arithmetic,
  '*': arithmetic,
  '%': remainder,
  '||': joined,
  concat: joined,
  abs: size,
  length: counted,
  char_length: counted,
  character_length: counted,
  substring: part,
  substr: part,
  left: beginning,
  trim: trimmed,
  ltrim: trimmed,
  rtrim: trimmed,
  lower: letterCase,
  upper: letterCase,
  year: dayPart,
  quarter: dayPart,
  month: dayPart,
  day: dayPart,
  dayofmonth: dayPart,
  dayofyear: dayPart,
  hour: timePart,
  minute: timePart,
};

function arithmetic(args: readonly SharedTerm[], name: string): SharedTerm {
  const [left, right] = args;
  if (left === undefined) throw new NotShared(`${name} of nothing`);
  if (right === undefined) return negated(left, name);
  if (isInteger(left.type) && isInteger(right.type))
    return binary(widerInteger(left.type, right.type), left, name, right);
  if (isFloating(left.type) && left.type === right.type) return binary(left.type, left, name, right);
  const [a, b] = [exactShape(left), exactShape(right)];
  if (a === null || b === null) throw new NotShared(`${left.type} ${name} ${right.type} is none of it`);
  if (name === '*') {
    const type = decimalOf(a.precision + b.precision + 1, a.scale + b.scale);
    const factor = (term: SharedTerm, { precision, scale }: typeof a): string =>
      engineAs(term, decimalOf(precision, scale));
    return sum(type, left, name, right, `${factor(left, a)} * ${factor(right, b)}`);
  }
  const scale = Math.max(a.scale, b.scale);
  const type = decimalOf(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
  return sum(type, left, name, right, `${engineAs(left, type)} ${name} ${engineAs(right, type)}`);
}

function negated(own: SharedTerm, name: string): SharedTerm {
  // As Spark reads what is written of it: with its sign, which makes an integer of -2147483648.
  if (name === '-' && typeof own.constant === 'bigint' && own.constant >= 0n)
    return wholeConstant(-own.constant);
  if (name !== '-' || (exactShape(own) === null && !isFloating(own.type)))
    throw new NotShared(`${name} of a ${own.type} is none of it`);
  return {
    type: own.type,
    spark: `-${inBrackets(own)}`,
    isAtom: false,
    engine: `CAST(-(${own.engine}) AS ${engineType(own.type)})`,
  };
}

function binary(type: string, left: SharedTerm, sign: string, right: SharedTerm): SharedTerm {
  return sum(type, left, sign, right, `${engineAs(left, type)} ${sign} ${engineAs(right, type)}`);
}

function sum(type: string, left: SharedTerm, sign: string, right: SharedTerm, engine: string): SharedTerm {
  const spark = `${inBrackets(left)} ${sign} ${inBrackets(right)}`;
  return { type, spark, isAtom: false, engine: `CAST((${engine}) AS ${engineType(type)})` };
}

function call(type: string, spark: string, engine: string): SharedTerm {
  return { type, spark, isAtom: true, engine };
}

function only(args: readonly SharedTerm[], name: string): SharedTerm {
  const [own, ...more] = args;
  if (own === undefined || more.length > 0) throw new NotShared(`${name} takes one value`);
  return own;
}

function texts(args: readonly SharedTerm[], name: string, many: number): readonly SharedTerm[] {
  if (args.length !== many || args.some(({ type }) => type !== 'string'))
    throw new NotShared(`${name} of anything but text is none of it`);
  return args;
}

function constantOf(term: SharedTerm | undefined, name: string, least: bigint): bigint {
  const constant = term?.constant;
  if (typeof constant !== 'bigint' || constant < least || constant > 1_000_000_000n)
    throw new NotShared(`${name} takes constants from ${least} on`);
  return constant;
}
