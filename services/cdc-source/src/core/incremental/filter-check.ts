/**
 * Why a text cannot be a condition on rows, or null. The server parses the condition as a part of a statement: what is
 * refused here could end the expression and begin something else. So quotes have to close and brackets to match, and the
 * forms in which that cannot be told at a glance (comments, dollar quotes, strings with escapes) are not taken at all.
 */
export function filterMistake(filter: string): string | null {
  if (filter.trim() === '') return 'the condition is empty';
  if (filter.includes('\0')) return 'the condition has a zero character';
  // Whether one escapes the quote behind it is a setting of the session.
  if (filter.includes('\\')) return 'the condition has a backslash (chr(92) is one)';
  let depth = 0;
  for (let i = 0; i < filter.length; i++) {
    const char = filter[i] as string;
    if (char === "'" || char === '"') {
      if (char === "'" && /(^|[^A-Za-z0-9_\u0080-\uffff$])[eE]$/.test(filter.slice(Math.max(0, i - 2), i)))
        return "the condition has a string with escapes (E'…')";
      const end = filter.indexOf(char, i + 1);
      if (end < 0) return 'the condition has a quote that does not close';
      i = end;
    } else if (char === '(') depth++;
    else if (char === ')') {
      depth--;
      if (depth < 0) return 'the condition closes a bracket that it did not open';
    } else if (char === ';') return 'the condition has a semicolon';
    else if (char === '$') return 'the condition has a dollar sign outside of a string';
    else if (filter.startsWith('--', i) || filter.startsWith('/*', i)) return 'the condition has a comment';
  }
  return depth === 0 ? null : 'the condition has a bracket that does not close';
}
