/** Whether one of the patterns names the table: `schema.table`, with `*` in the table's part for any characters. */
export function capturedBy(
  patterns: readonly string[],
  table: string,
  exclude: readonly string[] = [],
): boolean {
  const named = (pattern: string): boolean => matchesTable(pattern, table);
  return patterns.some(named) && !exclude.some(named);
}

/**
 * Each part between stars is taken where it is found first, so there is nothing to go back to: with regular expressions a
 * pattern of many stars takes a time that grows with a power of their number, and anybody may send one in a signal.
 */
function matchesTable(pattern: string, table: string): boolean {
  if (!pattern.includes('*')) return pattern === table;
  const [first, ...parts] = pattern.split(/\*+/) as [string, ...string[]];
  const last = parts.pop() as string;
  if (!table.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = table.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return table.length - last.length >= at && table.endsWith(last);
}
