import { parseStatistics, type AddFile } from '@hasivu/delta';
import type { ChangePosition } from '../change-position.ts';
import { IS_CURRENT } from './history-layout.ts';
import type { Offsets } from './history-offsets.ts';

/** Files of open or of closed versions, of a table that holds both. */
export function filesOfKind(files: Iterable<AddFile>, open: boolean): AddFile[] {
  return [...files].filter((file) => file.partitionValues[IS_CURRENT] === String(open));
}

/** Files whose statistics do not rule out a row whose column is at or after the LSN. */
export function filesFrom(files: Iterable<AddFile>, column: '_lsn' | '_to_lsn', lsn: bigint): AddFile[] {
  return [...files].filter((file) => {
    const max = parseStatistics(file.stats).columns.get(column)?.max;
    return max === undefined || BigInt(max) >= lsn;
  });
}

/** Files of the change log whose statistics do not rule out a record after the one and up to the other offsets. */
export function filesWithOffsets(files: Iterable<AddFile>, after: Offsets, upTo: Offsets): AddFile[] {
  const least = Math.min(...[...upTo.keys()].map((partition) => after.get(partition) ?? -1));
  const greatest = Math.max(...upTo.values());
  return [...files].filter((file) => {
    const offsets = parseStatistics(file.stats).columns.get('_offset');
    if (offsets?.min === undefined || offsets.max === undefined) return true;
    return Number(offsets.max) > least && Number(offsets.min) <= greatest;
  });
}

/** Files of the change log whose statistics do not rule out a DELETE or TRUNCATE after the position. */
export function filesWithDeaths(files: Iterable<AddFile>, after: ChangePosition): AddFile[] {
  return filesFrom(files, '_lsn', after.lsn).filter((file) => {
    const { columns } = parseStatistics(file.stats);
    const op = columns.get('_op');
    if (op?.min === undefined || op.max === undefined) return true;
    const [lsn, seq] = [columns.get('_lsn'), columns.get('_seq')];
    // A snapshot's rows share one LSN: only there the sequence alone orders a file's rows.
    const isOneLsn = lsn?.min !== undefined && lsn.min === lsn.max && BigInt(lsn.min) === after.lsn;
    if (isOneLsn && seq?.max !== undefined && Number(seq.max) <= after.seq) return false;
    return op.max >= 't' || (op.min <= 'd' && op.max >= 'd');
  });
}
