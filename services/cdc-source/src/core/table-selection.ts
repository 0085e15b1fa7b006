import { capturedBy } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';

/** A table as far as choosing it goes. */
export interface SelectableTable {
  readonly schema: string;
  readonly table: string;
  readonly maySelect: boolean;
}

export function tableId(table: { readonly schema: string; readonly table: string }): string {
  return `${table.schema}.${table.table}`;
}

export function schemasOf(patterns: readonly string[]): string[] {
  return [...new Set(patterns.map((pattern) => pattern.slice(0, pattern.indexOf('.'))))];
}

/**
 * The tables that patterns name and `exclude` does not, each once, in catalog order.
 * @throws PlatformError SOURCE_TABLE_MISSING for a pattern that matches nothing, SOURCE_PERMISSION for an unreadable table
 */
export function selectTables<T extends SelectableTable>(
  patterns: readonly string[],
  exclude: readonly string[],
  catalog: readonly T[],
): T[] {
  const doing = 'choosing the tables to capture';
  const chosen = new Set<T>();
  for (const pattern of patterns) {
    const matches = catalog.filter((t) => capturedBy([pattern], tableId(t)));
    if (matches.length === 0) {
      throw new PlatformError('SOURCE_TABLE_MISSING', {
        doing,
        why: `"${pattern}" names no table of the database`,
      });
    }
    for (const match of matches) if (!capturedBy(exclude, tableId(match))) chosen.add(match);
  }
  const selected = catalog.filter((t) => chosen.has(t));
  const unreadable = selected.filter((t) => !t.maySelect);
  if (unreadable.length > 0) {
    const names = unreadable.map(tableId).join(', ');
    throw new PlatformError('SOURCE_PERMISSION', {
      doing,
      why: `no SELECT on ${names} (or no USAGE on the schema)`,
    });
  }
  return selected;
}
