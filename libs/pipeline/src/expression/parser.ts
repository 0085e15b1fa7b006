import type { ColumnType } from '@hasivu/change-events';

import { parseTypeName } from '../values/type-name.ts';
import { ExpressionMistake } from './expression-mistake.ts';
import { tokenize, type Token } from './lexer.ts';
import type { ArithmeticOperator, ComparisonOperator, Expression } from './syntax.ts';

/** Deepest nesting; more would only test the stack. */
const MAX_DEPTH = 100;

const COMPARISONS = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);
const RESERVED = new Set(
  'and or not is null in like ilike between case when then else end cast as true false from for distinct'.split(
    ' ',
  ),
);

/** Parses one expression with Postgres' precedence. @throws ExpressionMistake */
export function parseExpression(source: string): Expression {
  return new Parser(tokenize(source)).whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    if (this.#peek().kind !== 'end') throw this.#unexpected('an operator or the end');
    return expression;
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH)
      throw new ExpressionMistake(`nested deeper than ${MAX_DEPTH} levels`, this.#peek().at);
    let left = this.#and();
    while (this.#word('or')) left = { node: 'or', at: left.at, left, right: this.#and() };
    this.#depth -= 1;
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#word('and')) left = { node: 'and', at: left.at, left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    const { at } = this.#peek();
    let negations = 0;
    while (this.#word('not')) negations += 1;
    const operand = this.#is();
    // Two negations cancel out: not(not x) is x in three-valued logic too, once x is known to be boolean.
    if (negations === 0) return operand;
    const once: Expression = { node: 'not', at, operand };
    return negations % 2 === 1 ? once : { node: 'not', at, operand: once };
  }

  #is(): Expression {
    let operand = this.#comparison();
    while (this.#word('is')) {
      const negated = this.#word('not');
      this.#expectWord('null');
      operand = { node: 'isNull', at: operand.at, operand, negated };
    }
    return operand;
  }

  #comparison(): Expression {
    const left = this.#membership();
    const token = this.#peek();
    if (token.kind !== 'symbol' || !COMPARISONS.has(token.text)) return left;
    this.#next += 1;
    const operator = (token.text === '!=' ? '<>' : token.text) as ComparisonOperator;
    const right = this.#membership();
    const after = this.#peek();
    if (after.kind === 'symbol' && COMPARISONS.has(after.text))
      throw new ExpressionMistake('comparisons do not chain: join them with and', after.at);
    return { node: 'comparison', at: token.at, operator, left, right };
  }

  #membership(): Expression {
    const operand = this.#concat();
    const start = this.#next;
    const negated = this.#word('not');
    const { at } = operand;
    if (this.#word('in')) return { node: 'in', at, operand, items: this.#list(1), negated };
    if (this.#word('between')) return this.#between(operand, negated);
    for (const ignoreCase of [false, true])
      if (this.#word(ignoreCase ? 'ilike' : 'like'))
        return { node: 'like', at, operand, pattern: this.#concat(), ignoreCase, negated };
    this.#next = start;
    return operand;
  }

  #between(operand: Expression, negated: boolean): Expression {
    const { at } = operand;
    const low = this.#concat();
    this.#expectWord('and');
    const high = this.#concat();
    const within: Expression = {
      node: 'and',
      at,
      left: { node: 'comparison', at, operator: '>=', left: operand, right: low },
      right: { node: 'comparison', at, operator: '<=', left: operand, right: high },
    };
    return negated ? { node: 'not', at, operand: within } : within;
  }

  #concat(): Expression {
    let left = this.#sum();
    while (this.#symbol('||')) left = { node: 'concat', at: left.at, left, right: this.#sum() };
    return left;
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const token = this.#peek();
      if (!this.#symbol('+') && !this.#symbol('-')) return left;
      const operator = token.text as ArithmeticOperator;
      left = { node: 'arithmetic', at: token.at, operator, left, right: this.#product() };
    }
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek();
      if (!this.#symbol('*') && !this.#symbol('/') && !this.#symbol('%')) return left;
      const operator = token.text as ArithmeticOperator;
      left = { node: 'arithmetic', at: token.at, operator, left, right: this.#unary() };
    }
  }

  #unary(): Expression {
    const { at } = this.#peek();
    let negations = 0;
    for (;;) {
      if (this.#symbol('-')) negations += 1;
      else if (!this.#symbol('+')) break;
    }
    let operand = this.#castSuffix();
    if (negations === 0) return operand;
    operand = { node: 'negate', at, operand };
    return negations % 2 === 1 ? operand : { node: 'negate', at, operand };
  }

  #castSuffix(): Expression {
    let operand = this.#primary();
    while (this.#symbol('::')) operand = { node: 'cast', at: operand.at, operand, type: this.#typeName() };
    return operand;
  }

  #primary(): Expression {
    const token = this.#peek();
    this.#next += 1;
    switch (token.kind) {
      case 'number':
      case 'string':
        return { node: token.kind, at: token.at, text: token.text };
      case 'quoted':
        return { node: 'column', at: token.at, name: token.text };
      case 'symbol':
        if (token.text === '(') return this.#closed(this.#or());
        break;
      case 'name':
        return this.#named(token);
      case 'end':
        break;
      default:
        token.kind satisfies never;
    }
    this.#next -= 1;
    throw this.#unexpected('a value');
  }

  #named(token: Token): Expression {
    const { text, at } = token;
    if (text === 'null' || text === 'true' || text === 'false') return { node: text, at };
    if (text === 'case') return this.#case(at);
    if (text === 'cast') return this.#cast(at);
    if (RESERVED.has(text)) {
      this.#next -= 1;
      throw this.#unexpected('a value');
    }
    const opens = this.#peek();
    if (opens.kind !== 'symbol' || opens.text !== '(') return { node: 'column', at, name: text };
    if (text === 'extract') return this.#extract(at);
    if (text === 'substring') return this.#substring(at);
    return { node: 'call', at, name: text, args: this.#list(0) };
  }

  #case(at: number): Expression {
    const start = this.#peek();
    const subject = start.kind === 'name' && start.text === 'when' ? null : this.#or();
    const branches: { when: Expression; then: Expression }[] = [];
    while (this.#word('when')) {
      const condition = this.#or();
      const when: Expression = subject
        ? { node: 'comparison', at: condition.at, operator: '=', left: subject, right: condition }
        : condition;
      this.#expectWord('then');
      branches.push({ when, then: this.#or() });
    }
    if (branches.length === 0) throw this.#unexpected('when');
    const otherwise: Expression = this.#word('else') ? this.#or() : { node: 'null', at };
    this.#expectWord('end');
    return { node: 'case', at, branches, otherwise };
  }

  #cast(at: number): Expression {
    this.#expectSymbol('(');
    const operand = this.#or();
    this.#expectWord('as');
    const type = this.#typeName();
    this.#expectSymbol(')');
    return { node: 'cast', at, operand, type };
  }

  #typeName(): ColumnType {
    const first = this.#peek();
    if (first.kind !== 'name') throw this.#unexpected('a type');
    let text = '';
    while (this.#peek().kind === 'name' && !RESERVED.has(this.#peek().text))
      text += `${text && ' '}${this.#take().text}`;
    if (this.#peek().text === '(' && /^(decimal|numeric)$/.test(text)) {
      this.#expectSymbol('(');
      text += `(${this.#take().text}`;
      if (this.#symbol(',')) text += `,${this.#take().text}`;
      this.#expectSymbol(')');
      text += ')';
    }
    const type = parseTypeName(text);
    if (typeof type === 'string') throw new ExpressionMistake(type, first.at);
    return type;
  }

  /** `extract(year from x)` is `year(x)`. */
  #extract(at: number): Expression {
    this.#expectSymbol('(');
    const field = this.#take();
    this.#expectWord('from');
    return { node: 'call', at, name: field.text, args: [this.#closed(this.#or())] };
  }

  /** `substring(x from a for b)` is `substring(x, a, b)`. */
  #substring(at: number): Expression {
    this.#expectSymbol('(');
    const args = [this.#or()];
    if (this.#word('from')) {
      args.push(this.#or());
      if (this.#word('for')) args.push(this.#or());
    } else while (this.#symbol(',')) args.push(this.#or());
    this.#expectSymbol(')');
    return { node: 'call', at, name: 'substring', args };
  }

  #list(atLeast: 0 | 1): Expression[] {
    this.#expectSymbol('(');
    const items: Expression[] = [];
    if (atLeast === 0 && this.#symbol(')')) return items;
    do items.push(this.#or());
    while (this.#symbol(','));
    this.#expectSymbol(')');
    return items;
  }

  #closed(inner: Expression): Expression {
    this.#expectSymbol(')');
    return inner;
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind === 'end') throw this.#unexpected('more');
    this.#next += 1;
    return token;
  }

  #word(text: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'name' || token.text !== text) return false;
    this.#next += 1;
    return true;
  }

  #symbol(text: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== text) return false;
    this.#next += 1;
    return true;
  }

  #expectWord(text: string): void {
    if (!this.#word(text)) throw this.#unexpected(text);
  }

  #expectSymbol(text: string): void {
    if (!this.#symbol(text)) throw this.#unexpected(JSON.stringify(text));
  }

  #unexpected(wanted: string): ExpressionMistake {
    const { kind, text, at } = this.#peek();
    return new ExpressionMistake(
      `expected ${wanted}, found ${kind === 'end' ? text : JSON.stringify(text)}`,
      at,
    );
  }
}
