import { DeltaTable, keptFiles } from '@hasivu/delta';
import { isPlatformError } from '@hasivu/errors';
import { placeOf, type LakeStore, type UsageSum } from '@hasivu/lake-engine';
import { surroundings } from './lake-table.ts';
import type { ObjectStore } from '@hasivu/object-store';

/** What objects of the lake are: data files by whether the newest version has them (unknown where no log says), the others by their key. */
export const USAGE_KINDS = ['live', 'removed', 'unknown', 'log', 'vectors', 'changes', 'other'] as const;

export type UsageKind = (typeof USAGE_KINDS)[number];

export interface TableUsage {
  /** `silver/public/orders`; empty for what is in no table. */
  readonly table: string;
  /** Code of the error for which its log cannot be read; null where it can be. */
  readonly unreadable: string | null;
  readonly objects: number;
  readonly bytes: number;
  readonly kinds: Readonly<Record<UsageKind, UsageSum>>;
}

type Counted = { objects: number; bytes: number };

/** What each folder of a table has, by a listing of the whole lake: an object at a time, the log of one table at a time. @throws STORE_* */
export async function* tableUsages(
  store: ObjectStore & LakeStore,
  signal: AbortSignal,
): AsyncGenerator<TableUsage> {
  const outside = noUsage('');
  let current: (TableUsage & Counted) | null = null;
  let files: TableFiles = NO_TABLE;
  for await (const { key, sizeBytes } of store.list('')) {
    if (signal.aborted) break;
    const { table, kind } = placeOf(key);
    if (table === '') {
      count(outside, 'other', sizeBytes);
      continue;
    }
    if (current?.table !== table) {
      if (current !== null) yield current;
      files = await filesOf(store, table);
      current = noUsage(table, files.unreadable);
    }
    count(current, kind === 'data' ? dataKind(files, key.slice(table.length + 1)) : kind, sizeBytes);
  }
  if (current !== null) yield current;
  if (outside.objects > 0) yield outside;
}

interface TableFiles {
  /** Keys of the newest version's files, relative to the table's folder. */
  readonly live: ReadonlySet<string>;
  readonly unreadable: string | null;
}

const NO_TABLE: TableFiles = { live: new Set(), unreadable: null };

/** A table that cannot be read takes room all the same, and may be the one that takes most of it. @throws STORE_* */
async function filesOf(store: ObjectStore, root: string): Promise<TableFiles> {
  try {
    const table = await DeltaTable.open(root, surroundings(store));
    if (table === null) return NO_TABLE;
    // Files that were removed are kept for nobody who reads the newest version.
    return { live: keptFiles(root, table.state, Infinity), unreadable: null };
  } catch (error) {
    if (!isPlatformError(error) || error.code.startsWith('STORE_')) throw error;
    return { live: new Set(), unreadable: error.code };
  }
}

function dataKind({ live, unreadable }: TableFiles, path: string): UsageKind {
  if (unreadable !== null) return 'unknown';
  return live.has(path) ? 'live' : 'removed';
}

function noUsage(
  table: string,
  unreadable: string | null = null,
): TableUsage & Counted & { readonly kinds: Record<UsageKind, Counted> } {
  const kinds = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, { objects: 0, bytes: 0 }]));
  return { table, unreadable, objects: 0, bytes: 0, kinds: kinds as Record<UsageKind, Counted> };
}

function count(usage: TableUsage & Counted, kind: UsageKind, bytes: number): void {
  const sum = usage.kinds[kind] as Counted;
  sum.objects += 1;
  sum.bytes += bytes;
  usage.objects += 1;
  usage.bytes += bytes;
}
