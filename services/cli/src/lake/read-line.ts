import type { Share, TableRead } from '@hasivu/lake-engine';
import { formatBytes, formatCount } from '../terminal/quantity.ts';

/** What of a table was read for a statement, as a person reads it. */
export function readLine({ table, files, rowGroups, columns, fetchedBytes, tableBytes }: TableRead): string {
  const groups = rowGroups.of === 0 ? '' : `${share(rowGroups)} row groups of the files looked into, `;
  return `${table}: ${share(files)} files, ${groups}${share(columns)} columns; ${formatBytes(fetchedBytes)} fetched of ${formatBytes(tableBytes)}`;
}

function share({ read, of }: Share): string {
  return `${formatCount(read)} of ${formatCount(of)}`;
}
