import { PlatformError } from '@hasivu/errors';

import { tableId } from './table-selection.ts';

export interface KeyedTable {
  readonly schema: string;
  readonly table: string;
  readonly identity: 'default' | 'nothing' | 'full' | 'index';
  readonly primaryKey: readonly string[];
  readonly identityIndex: readonly string[];
}

/**
 * Tables without a key: their events have none either, so they can have a change log but no current state.
 * @param silverTables tables that the configuration names with `silver: true`
 * @throws PlatformError SOURCE_KEY_MISSING when one of them is among those
 */
export function tablesWithoutKey(tables: readonly KeyedTable[], silverTables: ReadonlySet<string>): string[] {
  const keyless = tables
    .filter((t) => (t.identity === 'index' ? t.identityIndex : t.primaryKey).length === 0)
    .map(tableId);
  const wanted = keyless.filter((name) => silverTables.has(name));
  if (wanted.length > 0) {
    throw new PlatformError('SOURCE_KEY_MISSING', {
      doing: 'checking the keys of the tables',
      why: `${wanted.join(', ')} has no primary key and no replica identity index`,
    });
  }
  return keyless;
}
