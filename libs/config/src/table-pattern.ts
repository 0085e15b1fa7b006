/** Whether one of the patterns names the table: `schema.table`, with `*` in the table's part for any characters. */
export function capturedBy(
  patterns: readonly string[],
  table: string,
  exclude: readonly string[] = [],
): boolean {
  const named = (pattern: string): boolean => matchesTable(pattern, table);
  return patterns.some(named) && !exclude.some(named);
}

function matchesTable(pattern: string, table: string): boolean {
  if (!pattern.includes('*')) return pattern === table;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(table);
}
