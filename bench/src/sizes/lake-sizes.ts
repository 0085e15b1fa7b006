import { DeltaTable } from '@hasivu/delta';
import type { ObjectStore } from '@hasivu/object-store';

export interface LakeSizes {
  readonly rows: number;
  readonly files: number;
  /** Files of the newest version and the vectors it marks rows with. */
  readonly liveBytes: number;
  /** Everything under the table's folder: the log, checkpoints, and files that vacuum has not taken yet. */
  readonly storedBytes: number;
}

/** What a table of the lake takes; null when there is none. */
export async function lakeSizes(store: ObjectStore, root: string): Promise<LakeSizes | null> {
  const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: () => 'reader' });
  if (table === null) return null;
  let [rows, liveBytes, storedBytes] = [0, 0, 0];
  for (const { size, stats, deletionVector } of table.state.files.values()) {
    const { numRecords } = JSON.parse(stats ?? '{}') as { numRecords: number };
    rows += numRecords - (deletionVector?.cardinality ?? 0);
    liveBytes += size + (deletionVector?.sizeInBytes ?? 0);
  }
  for await (const { sizeBytes } of store.list(`${root}/`)) storedBytes += sizeBytes;
  return { rows, files: table.state.files.size, liveBytes, storedBytes };
}
