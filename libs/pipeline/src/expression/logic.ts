import { coerced, constant, constantValue, derived, type Compiled } from './compiled.ts';
import { unified } from './comparison.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { describeType } from './value-type.ts';

const BOOLEAN = { kind: 'boolean' } as const;

/** Checks that an operand is a condition; a bare null is one. @throws ExpressionMistake */
export function condition(operand: Compiled, where: string): Compiled {
  if (operand.type.kind === 'null') return constant(BOOLEAN, operand.at, null);
  if (operand.literal !== undefined) return coerced(operand, BOOLEAN);
  if (operand.type.kind !== 'boolean')
    throw new ExpressionMistake(
      `${where} needs true or false, not ${describeType(operand.type)}`,
      operand.at,
    );
  return operand;
}

/** Three-valued and; the right side is not evaluated once the left decides. */
export function conjunction(at: number, left: Compiled, right: Compiled): Compiled {
  const [first, second] = [condition(left, 'and'), condition(right, 'and')];
  if (isConstant(first, false) || isConstant(second, false)) return constant(BOOLEAN, at, false);
  const [a, b] = [first.evaluate, second.evaluate];
  return derived(BOOLEAN, at, [left, right], (values) => {
    const x = a(values);
    if (x === false) return false;
    const y = b(values);
    if (y === false) return false;
    return x === null || y === null ? null : true;
  });
}

/** Three-valued or; the right side is not evaluated once the left decides. */
export function disjunction(at: number, left: Compiled, right: Compiled): Compiled {
  const [first, second] = [condition(left, 'or'), condition(right, 'or')];
  if (isConstant(first, true) || isConstant(second, true)) return constant(BOOLEAN, at, true);
  const [a, b] = [first.evaluate, second.evaluate];
  return derived(BOOLEAN, at, [left, right], (values) => {
    const x = a(values);
    if (x === true) return true;
    const y = b(values);
    if (y === true) return true;
    return x === null || y === null ? null : false;
  });
}

// What a constant decides is decided at compile time, whatever the other side would do: as in Postgres.
function isConstant(operand: Compiled, value: boolean): boolean {
  return operand.constant && constantValue(operand) === value;
}

export function inversion(at: number, operand: Compiled): Compiled {
  const a = condition(operand, 'not').evaluate;
  return derived(BOOLEAN, at, [operand], (values) => {
    const x = a(values);
    return x === null ? null : !x;
  });
}

export function nullTest(at: number, operand: Compiled, negated: boolean): Compiled {
  return derived(BOOLEAN, at, [operand], (values) => (operand.evaluate(values) === null) !== negated);
}

export interface Branch {
  readonly when: Compiled;
  readonly then: Compiled;
}

/** The first branch whose condition is true; only that branch is evaluated. */
export function choice(at: number, branches: readonly Branch[], otherwise: Compiled): Compiled {
  const { type, all } = unified([...branches.map((branch) => branch.then), otherwise], 'case');
  const tests = branches.map((branch) => condition(branch.when, 'when').evaluate);
  const results = all.map((result) => result.evaluate);
  const inputs = [...branches.map((branch) => branch.when), ...all];
  return derived(type, at, inputs, (values) => {
    for (let i = 0; i < tests.length; i++)
      if (tests[i]?.(values) === true) return results[i]?.(values) ?? null;
    return results[tests.length]?.(values) ?? null;
  });
}

export function firstPresent(at: number, args: readonly Compiled[]): Compiled {
  const { type, all } = unified(args, 'coalesce');
  return derived(type, at, all, (values) => {
    for (const arg of all) {
      const value = arg.evaluate(values);
      if (value !== null) return value;
    }
    return null;
  });
}
