import type { TableSnapshot } from '@hasivu/delta';

/** So many of so many. */
export interface Share {
  readonly read: number;
  readonly of: number;
}

/** What one statement read of one table. */
export interface TableRead {
  readonly table: string;
  /** Of those that the version names. */
  readonly files: Share;
  /** Of the files that were looked into: those that are large and not at hand. */
  readonly rowGroups: Share;
  readonly columns: Share;
  /** From the store; what was at hand is not in it. */
  readonly fetchedBytes: number;
  /** Of the table's files. */
  readonly tableBytes: number;
}

export function bytesOfTable({ state }: Pick<TableSnapshot, 'state'>): number {
  let bytes = 0;
  for (const { size } of state.files.values()) bytes += size;
  return bytes;
}
