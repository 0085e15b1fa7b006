/** Whether one of the patterns names the table: `schema.table`, with `*` in the table's part for any characters. */
export function capturedBy(
  patterns: readonly string[],
  table: string,
  exclude: readonly string[] = [],
): boolean {
  const named = (pattern: string): boolean => matchesTable(pattern, table);
  return patterns.some(named) && !exclude.some(named);
}

/** Part by part and without going back: a pattern may come from whoever can send a signal. */
function matchesTable(pattern: string, table: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return pattern === table;
  if (table.length < first.length + last.length || !table.startsWith(first) || !table.endsWith(last))
    return false;
  const end = table.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = table.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
