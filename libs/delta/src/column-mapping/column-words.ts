/** A text, and a word before one that says what kind it is of: `DATE '2026-01-31'`. */
const TEXT = /(?:[\p{L}_][\p{L}\p{N}_]*\s*)?'[^']*'/gu;
/** The type of a CAST. */
const CAST_TYPE = /(?<![\p{L}\p{N}_`])AS\s+[\p{L}_][\p{L}\p{N}_]*/giu;

/**
 * Whether an expression of Spark's SQL may name the column: by its words, since this package has no parser. Texts, types
 * of casts and names of functions are none; what has escapes or comments is searched as it stands.
 */
export function mayName(expression: string, column: string): boolean {
  const literal = column.replaceAll(/[/\\^$*+?.()|[\]{}]/g, '\\$&');
  if (/\\|--|\/\*|"/u.test(expression)) return wordOf(literal, '').test(expression);
  const names = expression.replaceAll(TEXT, "''").replaceAll(CAST_TYPE, 'AS');
  return wordOf(literal, String.raw`(?!\s*\()`).test(names);
}

function wordOf(literal: string, then: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])${then}`, 'iu');
}
