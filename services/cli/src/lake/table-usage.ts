import { DeltaTable, keptFiles } from '@hasivu/delta';
import { placeOf, type LakeStore, type UsageSum } from '@hasivu/lake-engine';
import { surroundings } from './lake-table.ts';
import type { ObjectStore } from '@hasivu/object-store';

/** What objects of the lake are: data files by whether the newest version has them, the others by their key. */
export const USAGE_KINDS = ['live', 'removed', 'log', 'vectors', 'changes', 'other'] as const;

export type UsageKind = (typeof USAGE_KINDS)[number];

export interface TableUsage {
  /** `silver/public/orders`; empty for what is in no table. */
  readonly table: string;
  readonly objects: number;
  readonly bytes: number;
  readonly kinds: Readonly<Record<UsageKind, UsageSum>>;
}

type Counted = { objects: number; bytes: number };

/** What each folder of a table has, by a listing of the whole lake: an object at a time, the log of one table at a time. @throws LAKE_*, STORE_* */
export async function* tableUsages(
  store: ObjectStore & LakeStore,
  signal: AbortSignal,
): AsyncGenerator<TableUsage> {
  const outside = noUsage('');
  let current: (TableUsage & Counted) | null = null;
  let live = new Set<string>();
  for await (const { key, sizeBytes } of store.list('')) {
    if (signal.aborted) break;
    const { table, kind } = placeOf(key);
    if (table === '') {
      count(outside, 'other', sizeBytes);
      continue;
    }
    if (current?.table !== table) {
      if (current !== null) yield current;
      current = noUsage(table);
      live = await liveFiles(store, table);
    }
    const isLive = kind === 'data' && live.has(key.slice(table.length + 1));
    count(current, kind === 'data' ? (isLive ? 'live' : 'removed') : kind, sizeBytes);
  }
  if (current !== null) yield current;
  if (outside.objects > 0) yield outside;
}

/** Keys of the newest version's files, relative to the table's folder; none where the folder is no table. */
async function liveFiles(store: ObjectStore, root: string): Promise<Set<string>> {
  const table = await DeltaTable.open(root, surroundings(store));
  if (table === null) return new Set();
  // Files that were removed are kept for nobody who reads the newest version.
  return keptFiles(root, table.state, Infinity);
}

function noUsage(table: string): TableUsage & Counted & { readonly kinds: Record<UsageKind, Counted> } {
  const kinds = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, { objects: 0, bytes: 0 }]));
  return { table, objects: 0, bytes: 0, kinds: kinds as Record<UsageKind, Counted> };
}

function count(usage: TableUsage & Counted, kind: UsageKind, bytes: number): void {
  const sum = usage.kinds[kind] as Counted;
  sum.objects += 1;
  sum.bytes += bytes;
  usage.objects += 1;
  usage.bytes += bytes;
}
