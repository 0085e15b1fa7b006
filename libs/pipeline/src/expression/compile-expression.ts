import type { ColumnType } from '@hasivu/change-events';

import { checkPrecision, parseDecimal } from '../values/exact-decimal.ts';
import { arithmetic, negation } from './arithmetic.ts';
import { coerced, constant, constantValue, derived, type Compiled, type Evaluate } from './compiled.ts';
import { comparison, membership } from './comparison.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { callFunction } from './functions.ts';
import { STRING, textArgument, type Call } from './function-signature.ts';
import { likeTest, type LikeTest } from './like.ts';
import { choice, condition, conjunction, disjunction, inversion, nullTest } from './logic.ts';
import { parseExpression } from './parser.ts';
import type { Expression, LikeNode } from './syntax.ts';
import { concatenation } from './text-functions.ts';
import { decimalType, type ValueType } from './value-type.ts';

/** Where a column's value lies in the row's values, and its type. */
export interface ScopeColumn {
  readonly slot: number;
  readonly type: ColumnType;
}

export type Scope = ReadonlyMap<string, ScopeColumn>;

export interface CompiledExpression {
  readonly type: ValueType;
  readonly evaluate: Evaluate;
  /** Names of the columns it reads, in order of appearance. */
  readonly columns: readonly string[];
  /** Slots of those columns. */
  readonly slots: readonly number[];
}

/**
 * Compiles an expression over the columns in scope into a closure, with all types checked.
 * @throws ExpressionMistake with the position of what is wrong
 */
export function compileExpression(source: string, scope: Scope): CompiledExpression {
  const compiler = new ExpressionCompiler(scope);
  const compiled = compiler.compile(parseExpression(source));
  return finished(compiled, compiler, scope);
}

/** As {@link compileExpression}, for a condition. */
export function compilePredicate(source: string, scope: Scope): CompiledExpression {
  const compiler = new ExpressionCompiler(scope);
  const compiled = condition(compiler.compile(parseExpression(source)), 'the expression');
  return finished(compiled, compiler, scope);
}

/** As {@link compileExpression}, with the result in the representation of `type`. */
export function compileExpressionAs(source: string, scope: Scope, type: ColumnType): CompiledExpression {
  const compiler = new ExpressionCompiler(scope);
  const compiled = coerced(compiler.compile(parseExpression(source)), type);
  return finished({ ...compiled, type }, compiler, scope);
}

function finished(compiled: Compiled, compiler: ExpressionCompiler, scope: Scope): CompiledExpression {
  const columns = [...compiler.columns];
  return {
    type: compiled.type,
    evaluate: compiled.evaluate,
    columns,
    slots: columns.map((name) => scope.get(name)?.slot ?? -1),
  };
}

class ExpressionCompiler {
  readonly columns = new Set<string>();
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  compile(node: Expression): Compiled {
    const { at } = node;
    switch (node.node) {
      case 'null':
        return constant({ kind: 'null' }, at, null);
      case 'true':
      case 'false':
        return constant({ kind: 'boolean' }, at, node.node === 'true');
      case 'string':
        return constant(STRING, at, node.text, node.text);
      case 'number':
        return numberLiteral(node.text, at);
      case 'column':
        return this.#column(node.name, at);
      case 'negate':
        return negation(at, this.compile(node.operand));
      case 'not':
        return inversion(at, this.compile(node.operand));
      case 'arithmetic':
        return arithmetic(node.operator, at, this.compile(node.left), this.compile(node.right));
      case 'comparison':
        return comparison(node.operator, at, this.compile(node.left), this.compile(node.right));
      case 'concat':
        return concatenation(at, this.compile(node.left), this.compile(node.right));
      case 'and':
        return conjunction(at, this.compile(node.left), this.compile(node.right));
      case 'or':
        return disjunction(at, this.compile(node.left), this.compile(node.right));
      case 'isNull':
        return nullTest(at, this.compile(node.operand), node.negated);
      case 'in':
        return membership(
          at,
          this.compile(node.operand),
          node.items.map((item) => this.compile(item)),
          node.negated,
        );
      case 'like':
        return this.#like(node);
      case 'case':
        return choice(
          at,
          node.branches.map((branch) => ({
            when: this.compile(branch.when),
            then: this.compile(branch.then),
          })),
          this.compile(node.otherwise),
        );
      case 'call':
        return callFunction(
          node.name,
          at,
          node.args.map((arg) => this.compile(arg)),
        );
      case 'cast':
        return coerced(this.compile(node.operand), node.type);
      default:
        return node satisfies never;
    }
  }

  #column(name: string, at: number): Compiled {
    const column = this.#scope.get(name);
    if (!column) {
      const known = [...this.#scope.keys()];
      const shown = known.length > 30 ? `${known.slice(0, 30).join(', ')}, …` : known.join(', ');
      throw new ExpressionMistake(`there is no column ${JSON.stringify(name)} (known: ${shown})`, at);
    }
    this.columns.add(name);
    const { slot, type } = column;
    return { type, at, constant: false, evaluate: (values) => values[slot] ?? null };
  }

  #like(node: LikeNode): Compiled {
    const { at, ignoreCase, negated } = node;
    const call: Call = { name: 'like', at, args: [this.compile(node.operand), this.compile(node.pattern)] };
    const text = textArgument(call, 0);
    const pattern = textArgument(call, 1);
    const fold = ignoreCase ? (value: string) => value.toLowerCase() : (value: string) => value;
    const fixed = pattern.constant ? constantValue(pattern) : null;
    const ready: LikeTest | null = fixed === null ? null : likeTest(fold(fixed as string));
    return derived({ kind: 'boolean' }, at, [text, pattern], (values) => {
      const value = text.evaluate(values);
      if (value === null) return null;
      if (ready) return ready(fold(value as string)) !== negated;
      const other = pattern.evaluate(values);
      return other === null ? null : likeTest(fold(other as string))(fold(value as string)) !== negated;
    });
  }
}

function numberLiteral(text: string, at: number): Compiled {
  const parsed = parseDecimal(text);
  if (!parsed || parsed.scale > 38) throw new ExpressionMistake(`${text} is not a number of 38 digits`, at);
  const { unscaled, scale } = parsed;
  if (/^\d+$/.test(text) && BigInt.asIntN(64, unscaled) === unscaled)
    return BigInt.asIntN(32, unscaled) === unscaled
      ? constant({ kind: 'int32' }, at, Number(unscaled))
      : constant({ kind: 'int64' }, at, unscaled);
  const precision = Math.max(unscaled.toString().length, scale, 1);
  if (precision > 38) throw new ExpressionMistake(`${text} has more than 38 digits`, at);
  return constant(decimalType(precision, scale), at, checkPrecision(unscaled, precision));
}
