import type { DeltaField } from '@hasivu/delta';
import { engineType, identifier, text } from '../engine-sql.ts';
import { foldName } from '../fold-name.ts';
import { engineAs, sharedCast, wholeConstant } from './shared-casts.ts';
import { sharedCall } from './shared-functions.ts';
import {
  checkSpelledOut,
  commonlyTyped,
  comparedAs,
  inBrackets,
  NoColumn,
  NotShared,
  type SharedTerm,
} from './shared-term.ts';
import { sparkName, sparkText } from './spark-text.ts';

/** A node of the engine's syntax tree: what is read of it here. */
export interface ExpressionNode {
  readonly class?: string;
  readonly type?: string;
  readonly column_names?: readonly string[];
  readonly function_name?: string;
  readonly is_operator?: boolean;
  readonly distinct?: boolean;
  readonly filter?: unknown;
  readonly schema?: string;
  readonly try_cast?: boolean;
  readonly children?: readonly ExpressionNode[];
  readonly child?: ExpressionNode;
  readonly cast_type?: EngineTypeNode;
  readonly left?: ExpressionNode;
  readonly right?: ExpressionNode;
  readonly input?: ExpressionNode;
  readonly lower?: ExpressionNode;
  readonly upper?: ExpressionNode;
  readonly case_checks?: readonly {
    readonly when_expr: ExpressionNode;
    readonly then_expr: ExpressionNode;
  }[];
  readonly else_expr?: ExpressionNode;
  readonly value?: { readonly type: EngineTypeNode; readonly is_null: boolean; readonly value?: unknown };
}

interface EngineTypeNode {
  readonly id: string;
  readonly type_info?: { readonly width?: unknown; readonly scale?: unknown } | null;
}

/** Names that a term uses are added to it, as the fields have them. */
export interface TermColumns {
  readonly fields: readonly DeltaField[];
  readonly used: Set<string>;
}

/** Delta's names of the engine's types. */
const TYPES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'byte',
  SMALLINT: 'short',
  INTEGER: 'integer',
  BIGINT: 'long',
  FLOAT: 'float',
  DOUBLE: 'double',
  VARCHAR: 'string',
  DATE: 'date',
};

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
};

/** The expression in both engines' words and with Spark's type. @throws NotShared saying what may differ */
export function sharedTerm(node: ExpressionNode | undefined, columns: TermColumns): SharedTerm {
  const term = termOf(node, columns);
  checkSpelledOut([term]);
  return term;
}

function termOf(node: ExpressionNode | undefined, columns: TermColumns): SharedTerm {
  const term = (of: ExpressionNode | undefined): SharedTerm => sharedTerm(of, columns);
  const terms = (of: readonly ExpressionNode[] = []): SharedTerm[] => of.map(term);
  switch (node?.class) {
    case 'COLUMN_REF':
      return columnTerm(node.column_names ?? [], columns);
    case 'CONSTANT':
      return constantTerm(node.value);
    case 'CAST':
      if (node.try_cast === true) throw new NotShared('TRY_CAST is none of it');
      return castTerm(node, term);
    case 'COMPARISON': {
      const sign = COMPARISONS[node.type ?? ''];
      if (sign === undefined) throw new NotShared(`${node.type ?? ''} is none of it`);
      return compared(term(node.left), sign, term(node.right));
    }
    case 'CONJUNCTION':
      return joinedTruths(terms(node.children), node.type === 'CONJUNCTION_AND' ? 'AND' : 'OR');
    case 'BETWEEN':
      return between(term(node.input), term(node.lower), term(node.upper));
    case 'CASE':
      return caseTerm(node, term);
    case 'OPERATOR':
      return operatorTerm(node.type ?? '', terms(node.children));
    case 'FUNCTION':
      return functionTerm(node, terms(node.children));
    default:
      throw new NotShared(`${(node?.class ?? 'nothing').toLowerCase()} expressions are none of it`);
  }
}

function columnTerm(names: readonly string[], { fields, used }: TermColumns): SharedTerm {
  const [name = '', ...more] = names;
  const own = fields.find((one) => foldName(one.name) === foldName(name));
  if (own === undefined || more.length > 0) throw new NoColumn(`there is no column ${names.join('.')}`);
  const { type, metadata } = own;
  if (typeof type !== 'string') throw new NotShared(`the column ${own.name} holds more than one value`);
  // Spark keeps there that texts are compared as CHAR or by a collation.
  if (Object.keys(metadata).some((key) => key.startsWith('__')) || /[`"]/u.test(own.name))
    throw new NotShared(`the column ${own.name} is more than its type says`);
  used.add(own.name);
  return { type, spark: sparkName(own.name), isAtom: true, engine: identifier(own.name) };
}

function constantTerm(value: ExpressionNode['value']): SharedTerm {
  if (value === undefined || value.is_null)
    return { type: 'null', spark: 'NULL', isAtom: true, engine: 'NULL' };
  // A number with every digit.
  const digits = JSON.stringify(value.value);
  switch (value.type.id) {
    case 'VARCHAR': {
      const own = value.value as string;
      return { type: 'string', spark: sparkText(own), isAtom: true, engine: text(own), constant: own };
    }
    case 'INTEGER':
    case 'BIGINT': {
      return wholeConstant(BigInt(digits));
    }
    case 'DECIMAL':
      return decimalConstant(digits, Number(JSON.stringify(value.type.type_info?.scale)));
    default:
      throw new NotShared(`constants of ${value.type.id} are none of it`);
  }
}

/** @param digits of the value without its point; Spark takes as many as there are, and as many as places */
function decimalConstant(digits: string, scale: number): SharedTerm {
  if (!/^-?\d+$/u.test(digits)) throw new NotShared('a decimal in it has too many digits');
  const isNegative = digits.startsWith('-');
  const all = digits.replace('-', '').padStart(scale + 1, '0');
  const point = all.length - scale;
  const spark = `${isNegative ? '-' : ''}${all.slice(0, point)}.${all.slice(point)}`;
  const precision = Math.max(digits.replace('-', '').length, scale);
  if (scale < 1 || precision > 38) throw new NotShared('a decimal in it has no places, or too many digits');
  const type = `decimal(${precision},${scale})`;
  return { type, spark, isAtom: !isNegative, engine: `CAST(${spark} AS ${engineType(type)})` };
}

function castTerm(
  { child, cast_type: to }: ExpressionNode,
  term: (of?: ExpressionNode) => SharedTerm,
): SharedTerm {
  if (to?.id === 'BOOLEAN' && child?.class === 'CONSTANT') {
    const value = child.value?.value;
    if (value === 't' || value === 'f') {
      const word = value === 't' ? 'true' : 'false';
      return { type: 'boolean', spark: word, isAtom: true, engine: word };
    }
  }
  const { width, scale } = to?.type_info ?? {};
  const type =
    to?.id === 'DECIMAL' ? `decimal(${JSON.stringify(width)},${JSON.stringify(scale)})` : TYPES[to?.id ?? ''];
  if (type === undefined) throw new NotShared(`CAST to ${to?.id ?? 'nothing'} is none of it`);
  return sharedCast(term(child), type);
}

function compared(left: SharedTerm, sign: string, right: SharedTerm): SharedTerm {
  const type = comparedAs(left, right);
  if (type === null) throw new NotShared(`${left.type} ${sign} ${right.type} is none of it`);
  return truth(
    `${inBrackets(left)} ${sign} ${inBrackets(right)}`,
    `${engineAs(left, type)} ${sign} ${engineAs(right, type)}`,
  );
}

/** In two comparisons: BETWEEN is none of what Spark takes for generated columns. */
function between(own: SharedTerm, lower: SharedTerm, upper: SharedTerm): SharedTerm {
  return joinedTruths([compared(own, '>=', lower), compared(own, '<=', upper)], 'AND');
}

function joinedTruths(terms: readonly SharedTerm[], word: string): SharedTerm {
  if (terms.some(({ type }) => type !== 'boolean')) throw new NotShared(`${word} is of conditions`);
  return truth(terms.map(inBrackets).join(` ${word} `), terms.map(({ engine }) => engine).join(` ${word} `));
}

function caseTerm(
  { case_checks: checks = [], else_expr: other }: ExpressionNode,
  term: (of?: ExpressionNode) => SharedTerm,
): SharedTerm {
  const cases = checks.map((one) => ({ when: term(one.when_expr), then: term(one.then_expr) }));
  const otherwise = term(other);
  const type = commonlyTyped([...cases.map(({ then }) => then), otherwise]);
  if (type === null || cases.some(({ when }) => when.type !== 'boolean'))
    throw new NotShared('a CASE has conditions, and values of one type');
  const spark = cases.map(({ when, then }) => `WHEN ${when.spark} THEN ${then.spark}`).join(' ');
  const engine = cases.map(({ when, then }) => `WHEN ${when.engine} THEN ${engineAs(then, type)}`).join(' ');
  return {
    type,
    spark: `CASE ${spark} ELSE ${otherwise.spark} END`,
    isAtom: true,
    engine: `CASE ${engine} ELSE ${engineAs(otherwise, type)} END`,
  };
}

function operatorTerm(operator: string, terms: readonly SharedTerm[]): SharedTerm {
  const [first, ...others] = terms;
  if (first === undefined) throw new NotShared(`${operator} of nothing`);
  switch (operator) {
    case 'OPERATOR_IS_NULL':
      return truth(`${inBrackets(first)} IS NULL`, `${first.engine} IS NULL`);
    case 'OPERATOR_IS_NOT_NULL':
      return truth(`${inBrackets(first)} IS NOT NULL`, `${first.engine} IS NOT NULL`);
    case 'OPERATOR_NOT':
      if (first.type !== 'boolean') throw new NotShared('NOT is of conditions');
      return truth(`NOT ${inBrackets(first)}`, `NOT ${first.engine}`);
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN': {
      checkSpelledOut(others.flatMap((other) => [first, other]));
      const one = joinedTruths(
        others.map((other) => compared(first, '=', other)),
        'OR',
      );
      const isNot = operator === 'COMPARE_NOT_IN';
      const spark = `${inBrackets(first)} ${isNot ? 'NOT IN' : 'IN'} (${others.map((other) => other.spark).join(', ')})`;
      return truth(spark, isNot ? `NOT ${one.engine}` : one.engine);
    }
    case 'OPERATOR_COALESCE': {
      const type = commonlyTyped(terms);
      if (type === null) throw new NotShared('coalesce is of values of one type');
      const engine = `coalesce(${terms.map((own) => engineAs(own, type)).join(', ')})`;
      return { type, spark: `coalesce(${terms.map(({ spark }) => spark).join(', ')})`, isAtom: true, engine };
    }
    default:
      throw new NotShared(`${operator} is none of it`);
  }
}

function functionTerm(node: ExpressionNode, args: readonly SharedTerm[]): SharedTerm {
  const name = (node.function_name ?? '').toLowerCase();
  const [first, second] = args;
  // What has a form of its own in SQL is of this schema.
  const isPlain = ['', 'main'].includes(node.schema ?? '');
  if (node.distinct === true || (node.filter ?? null) !== null || !isPlain)
    throw new NotShared(`${name} in this form is none of it`);
  if (name === 'nullif' && first !== undefined && second !== undefined) {
    // In a CASE: what Spark makes of it is none of what it takes for generated columns.
    const { spark, engine } = compared(first, '=', second);
    return {
      type: first.type,
      spark: `CASE WHEN ${spark} THEN NULL ELSE ${first.spark} END`,
      isAtom: true,
      engine: `CASE WHEN ${engine} THEN NULL ELSE ${first.engine} END`,
    };
  }
  if ((name === '~~' || name === '!~~') && first !== undefined && second !== undefined) {
    if (first.type !== 'string' || typeof second.constant !== 'string')
      throw new NotShared('LIKE is of a text, by a constant');
    const word = name === '~~' ? 'LIKE' : 'NOT LIKE';
    return truth(`${inBrackets(first)} ${word} ${second.spark}`, `${first.engine} ${word} ${second.engine}`);
  }
  return sharedCall(name, args);
}

function truth(spark: string, engine: string): SharedTerm {
  return { type: 'boolean', spark, isAtom: false, engine: `(${engine})` };
}
