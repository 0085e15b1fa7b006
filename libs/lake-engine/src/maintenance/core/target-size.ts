import { VECTORS_PROPERTY } from '@hasivu/delta';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;

/** Size that compaction aims at by the size of the table: larger tables have larger files, so that their number stays readable. */
const STEPS = [
  { tableBytes: 2 * GIB, fileBytes: 32 * MIB },
  { tableBytes: 16 * GIB, fileBytes: 64 * MIB },
  { tableBytes: 128 * GIB, fileBytes: 128 * MIB },
  { tableBytes: 2.5 * TIB, fileBytes: 256 * MIB },
  { tableBytes: 10 * TIB, fileBytes: 512 * MIB },
] as const;
const LARGEST_FILE_BYTES = GIB;

/** A table that is merged into without vectors rewrites a whole file for one changed row: its files stay small. */
const REWRITTEN_FILE_BYTES = 8 * MIB;
/** With vectors a file is still rewritten once enough of it is marked. */
const MARKED_FILE_BYTES = 128 * MIB;

export interface TableUse {
  /** Bytes of the live files. */
  readonly tableBytes: number;
  /** Rows are changed in place: a current state or a history, not a change log. */
  readonly isMerged: boolean;
  readonly configuration: Readonly<Record<string, string>>;
}

/** Size that a compacted file of the table aims at, in bytes, where nobody says another. */
export function targetFileBytes({ tableBytes, isMerged, configuration }: TableUse): number {
  const bySize = STEPS.find((step) => tableBytes <= step.tableBytes)?.fileBytes ?? LARGEST_FILE_BYTES;
  if (!isMerged) return bySize;
  const most = configuration[VECTORS_PROPERTY] === 'true' ? MARKED_FILE_BYTES : REWRITTEN_FILE_BYTES;
  return Math.min(bySize, most);
}
