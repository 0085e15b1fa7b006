import { parseStatistics, partitionId, type RemoveFile, type TableState } from '@hasivu/delta';
import { isSmall } from './compaction-plan.ts';
import { planOptimize, type OptimizeRule } from './optimize-plan.ts';

/** What a look at a table's newest version tells about the way it is stored. */
export interface TableHealth {
  readonly version: number;
  readonly files: number;
  readonly bytes: number;
  /** Rows of the files, those that are marked deleted among them. */
  readonly rows: number;
  readonly deletedRows: number;
  /** Files below three quarters of the size that they should have. */
  readonly smallFiles: number;
  readonly smallBytes: number;
  readonly targetBytes: number;
  readonly partitions: number;
  /** Bytes of the largest partition by those of the middle one; 1 where all are alike. */
  readonly partitionSkew: number;
  /** Removed files that the log still names, and vacuum may delete sooner or later. */
  readonly tombstones: number;
  readonly tombstoneBytes: number;
  /** Actions of the next checkpoint: what every reader has to read. */
  readonly logActions: number;
  /** What a rewrite by the rule would take, now. */
  readonly dueFiles: number;
  readonly dueBytes: number;
}

/** How a table stands by the rule that its rewrites go by. */
export function tableHealth(state: TableState, rule: OptimizeRule, nowMs: number): TableHealth {
  const plan = planOptimize(state, rule, nowMs);
  const partitions = new Map<string, number>();
  const stored = state.metadata.partitionColumns.map((name) => state.columns.storedName(name));
  const sum = { bytes: 0, rows: 0, deletedRows: 0, smallFiles: 0, smallBytes: 0 };
  for (const file of state.files.values()) {
    const id = partitionId(stored, file.partitionValues);
    partitions.set(id, (partitions.get(id) ?? 0) + file.size);
    sum.bytes += file.size;
    sum.rows += Math.max(0, rowsOf(file.stats));
    sum.deletedRows += file.deletionVector?.cardinality ?? 0;
    if (!isSmall(file, plan.targetBytes)) continue;
    sum.smallFiles += 1;
    sum.smallBytes += file.size;
  }
  const tombstones = [...state.tombstones];
  return {
    ...sum,
    version: state.version,
    files: state.files.size,
    targetBytes: plan.targetBytes,
    partitions: partitions.size,
    partitionSkew: skewOf([...partitions.values()]),
    tombstones: tombstones.length,
    tombstoneBytes: tombstones.reduce((bytes, one: RemoveFile) => bytes + (one.size ?? 0), 0),
    logActions: 2 + state.files.size + tombstones.length + state.txns.size,
    dueFiles: plan.units.reduce((count, unit) => count + unit.files.length, 0),
    dueBytes: plan.units.reduce((bytes, unit) => bytes + unit.bytes, 0),
  };
}

/** Without parsing a file's whole statistics each time that somebody looks. */
function rowsOf(stats: string | undefined): number {
  const found = /^\{"numRecords":(\d+)/u.exec(stats ?? '')?.[1];
  return found === undefined ? parseStatistics(stats).numRecords : Number(found);
}

function skewOf(sizes: number[]): number {
  if (sizes.length === 0) return 1;
  sizes.sort((a, b) => a - b);
  const middle = sizes[Math.floor((sizes.length - 1) / 2)] as number;
  return (sizes.at(-1) as number) / Math.max(1, middle);
}
