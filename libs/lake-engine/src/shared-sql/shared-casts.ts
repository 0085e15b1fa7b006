import { decimalShape } from '@hasivu/delta';
import { engineType } from '../engine-sql.ts';
import { inBrackets, isFloating, isInteger, NotShared, type SharedTerm } from './shared-term.ts';

const SPARK_TYPES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  byte: 'TINYINT',
  short: 'SMALLINT',
  integer: 'INT',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'STRING',
  date: 'DATE',
};

/** The engine's SQL of the term in another type that holds its values. */
export function engineAs(term: SharedTerm, type: string): string {
  return term.type === type ? term.engine : `CAST(${term.engine} AS ${engineType(type)})`;
}

/** A whole number, with its sign, of the first type of Spark's that holds it. */
export function wholeConstant(constant: bigint): SharedTerm {
  const type = BigInt.asIntN(32, constant) === constant ? 'integer' : 'long';
  const engine = `CAST(${constant} AS ${engineType(type)})`;
  return { type, spark: String(constant), isAtom: constant >= 0n, engine, constant };
}

/** `CAST(term AS type)` as somebody wrote it. @throws NotShared */
export function sharedCast(term: SharedTerm, type: string): SharedTerm {
  const spark = `CAST(${term.spark} AS ${sparkType(type)})`;
  const engine = `CAST(${term.engine} AS ${engineType(type)})`;
  if (term.type === 'timestamp' && type === 'date')
    throw new NotShared('the day of a time with a zone is that of each session’s own zone in Spark');
  if (type === 'date' && typeof term.constant === 'string') {
    if (!/^\d{4}-\d\d-\d\d$/u.test(term.constant))
      throw new NotShared('a date in it is not written YYYY-MM-DD');
    return { type, spark: `DATE '${term.constant}'`, isAtom: true, engine };
  }
  if (!isSharedCast(term.type, type)) throw new NotShared(`CAST from ${term.type} to ${type} is none of it`);
  return { type, spark, isAtom: true, engine };
}

function isSharedCast(from: string, to: string): boolean {
  if (from === to || from === 'null') return true;
  const [left, right] = [decimalShape(from), decimalShape(to)];
  if (isInteger(from)) return isInteger(to) || isFloating(to) || to === 'string' || right !== null;
  // Fewer places would be rounded, and fewer digits are an error to both.
  if (left !== null) return right !== null && right.scale >= left.scale;
  if (from === 'boolean') return to === 'string' || to === 'integer';
  if (from === 'float') return to === 'double';
  return from === 'timestamp_ntz' && to === 'date';
}

function sparkType(type: string): string {
  const shape = decimalShape(type);
  if (shape !== null) return `DECIMAL(${shape.precision},${shape.scale})`;
  const name = SPARK_TYPES[type];
  if (name === undefined) throw new NotShared(`CAST to ${type} is none of it`);
  return name;
}

/** A date or the day of a time without a zone. @throws NotShared */
export function dayOf(term: SharedTerm, name: string): { readonly spark: string; readonly engine: string } {
  if (term.type === 'date') return { spark: inBrackets(term), engine: term.engine };
  if (term.type === 'timestamp_ntz') return sharedCast(term, 'date');
  if (term.type === 'timestamp')
    throw new NotShared(`the ${name} of a time with a zone is that of each session’s own zone in Spark`);
  throw new NotShared(`${name} of a ${term.type} is none of it`);
}
