import type { AddFile } from '@hasivu/delta';
import type { HistoryRows } from '../core/history/history-form.ts';
import { filesOfKind } from '../core/history/history-plan.ts';
import type { LakeTable } from './lake-table.ts';

/** Where one merge reads versions and where it writes. */
export interface HistoryStores {
  /** The table that the batch is applied to. */
  readonly target: LakeTable;
  readonly rows: HistoryRows;
  /** Table with the open versions; the target itself, but for superseded versions kept apart. */
  readonly open: LakeTable;
  /** Table with the closed ones; null where the history keeps none. */
  readonly closed: LakeTable | null;
  /** Every change that the target was given is in it. */
  readonly log: LakeTable;
}

/** Live files with open or with closed versions. */
export function filesOfSide(stores: HistoryStores, side: 'open' | 'closed'): AddFile[] {
  const table = side === 'open' ? stores.open : stores.closed;
  const files = table?.exists === true ? [...table.delta.state.files.values()] : [];
  return stores.rows === 'all' ? filesOfKind(files, side === 'open') : files;
}
