import { keyOfPath, type DeltaTable } from '@hasivu/delta';
import { isPlatformError } from '@hasivu/errors';
import {
  HOT_CLASS,
  planTiers,
  type StoredFile,
  type TierMove,
  type TierPlan,
  type TierRule,
} from './core/tier-plan.ts';
import type { LakeStore } from './lake-store.ts';

/** Tells when a file was last read: what answers queries knows. The key is that of the object. */
export type LastRead = (key: string) => number | null;

export interface TierOptions {
  readonly rules: readonly TierRule[];
  readonly nowMs: () => number;
  /** Without it files are as old as their data. */
  readonly lastReadMs?: LastRead;
  /** Only says what would be moved. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onMoved?: () => void;
}

export interface TierReport {
  readonly plan: TierPlan;
  readonly movedFiles: number;
  readonly movedBytes: number;
  readonly stopped: boolean;
}

const MOVES_AT_ONCE = 8;
/** Commit time of rows, in tables that have it. */
const AGE_COLUMN = '_committed_at';

/**
 * Moves the objects of live data files to the storage class that their age asks for. Keys stay, so no commit is needed and
 * every reader reads on. Never of the log, of deletion vectors, nor of files that no version needs any more: vacuum has
 * those. Killed, it goes on the next time.
 * @throws STORE_*; then what was moved stays moved
 */
export async function tierTable(
  delta: DeltaTable,
  store: LakeStore,
  options: TierOptions,
): Promise<TierReport> {
  await delta.refresh();
  const { schema, columns } = delta.state;
  const ageColumn = schema.fields.some(({ name }) => name === AGE_COLUMN)
    ? columns.storedName(AGE_COLUMN)
    : null;
  const stored = await storedFiles(delta, store, options.lastReadMs);
  const plan = planTiers(stored, options.rules, ageColumn, options.nowMs());
  let movedFiles = 0;
  let movedBytes = 0;
  if (options.dryRun !== true)
    for (let from = 0; from < plan.moves.length; from += MOVES_AT_ONCE) {
      if (options.signal?.aborted === true) return { plan, movedFiles, movedBytes, stopped: true };
      const group = plan.moves.slice(from, from + MOVES_AT_ONCE);
      const moved = await Promise.all(group.map((move) => moveFile(delta.root, store, move)));
      for (const [at, { file }] of group.entries()) {
        if (moved[at] !== true) continue;
        movedFiles += 1;
        movedBytes += file.size;
      }
      options.onMoved?.();
    }
  return { plan, movedFiles, movedBytes, stopped: false };
}

/** The live files that lie in the table's folder, as one listing of it tells. */
async function storedFiles(
  delta: DeltaTable,
  store: LakeStore,
  lastReadMs?: LastRead,
): Promise<StoredFile[]> {
  const { root, state } = delta;
  const live = new Map([...state.files.values()].map((file) => [`${root}/${keyOfPath(file.path)}`, file]));
  const stored: StoredFile[] = [];
  for await (const { key, storageClass } of store.list(`${root}/`)) {
    const file = live.get(key);
    if (file === undefined) continue;
    stored.push({ file, storageClass: storageClass ?? HOT_CLASS, lastReadMs: lastReadMs?.(key) ?? null });
  }
  return stored;
}

/** False where the object is gone: a vacuum was quicker. */
async function moveFile(root: string, store: LakeStore, { file, to }: TierMove): Promise<boolean> {
  try {
    await store.setStorageClass(`${root}/${keyOfPath(file.path)}`, to);
    return true;
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'STORE_OBJECT_MISSING') throw error;
    return false;
  }
}
