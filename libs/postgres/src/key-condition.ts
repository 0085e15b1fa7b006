import { quoteIdentifier, quoteLiteral } from './sql-quote.ts';

/** A row's key as the server prints it, column by column in the order of the key. */
export type KeyText = readonly string[];

/**
 * Conditions on rows by their key. Values are literals without a type: the server takes that of the column, so the order
 * is the one that `ORDER BY` has. That holds for types whose operators are found in pg_catalog.
 */
export function keyAfter(columns: readonly string[], after: KeyText): string {
  return `${rowOf(columns)} > ${literals(after)}`;
}

export function keyUpTo(columns: readonly string[], last: KeyText): string {
  return `${rowOf(columns)} <= ${literals(last)}`;
}

/** @param keys at least one */
export function keyAmong(columns: readonly string[], keys: readonly KeyText[]): string {
  return `${rowOf(columns)} IN (${keys.map(literals).join(', ')})`;
}

/** Prints a key column through its type's output function. */
export function keyTexts(columns: readonly string[]): string {
  return columns.map((column) => `format('%s', ${quoteIdentifier(column)})`).join(', ');
}

export function keyOrder(columns: readonly string[]): string {
  return columns.map(quoteIdentifier).join(', ');
}

function rowOf(columns: readonly string[]): string {
  return `(${columns.map(quoteIdentifier).join(', ')})`;
}

function literals(key: KeyText): string {
  return `(${key.map(quoteLiteral).join(', ')})`;
}
