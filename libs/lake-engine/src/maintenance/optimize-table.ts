import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, neighbours } from './core/neighbours.ts';
import { planOptimize, type OptimizePlan, type OptimizeRule } from './core/optimize-plan.ts';
import type { PartitionChoice } from './partition-choice.ts';
import { commitRewrites, rewriteShape } from './rewrite-commit.ts';
import { rewriteUnit, type Rewrite, type RewriteTools } from './rewrite-unit.ts';

/** Places where a test may kill the process. */
export type OptimizeFailpoint = 'optimize-uploaded' | 'optimize-committed';

export interface OptimizeOptions {
  readonly rule: OptimizeRule;
  /** Only files of these partitions. */
  readonly where?: PartitionChoice;
  readonly nowMs: () => number;
  /** Ends the work between two units; what is done then is committed. */
  readonly signal?: AbortSignal;
  /** Called after each commit. */
  readonly onProgress?: (done: OptimizeReport, plannedBytes: number) => void;
  /** Called after each unit that was written. */
  readonly onUnit?: () => void;
  readonly failpoint?: (name: OptimizeFailpoint) => void;
  /** Started by itself, not by a person: the log says so, as Spark's does. */
  readonly isAutomatic?: boolean;
}

export interface OptimizeReport {
  readonly filesRemoved: number;
  readonly filesAdded: number;
  readonly bytesRemoved: number;
  readonly bytesAdded: number;
  readonly vectorsRemoved: number;
  readonly commits: number;
  /** Units that others changed while they were rewritten. */
  readonly dropped: number;
  /** Stopped before everything that was planned was done. */
  readonly stopped: boolean;
}

const NOTHING: OptimizeReport = {
  filesRemoved: 0,
  filesAdded: 0,
  bytesRemoved: 0,
  bytesAdded: 0,
  vectorsRemoved: 0,
  commits: 0,
  dropped: 0,
  stopped: false,
};

/** Rewritten bytes and units that wait for one commit at most: what a conflict or a crash can cost. */
const COMMIT_BYTES = 256 << 20;
const COMMIT_UNITS = 16;
/** Plans in a row: what is written may be small again, and what a rival changed is planned again. */
const MAX_ROUNDS = 8;
/** Between two commits to a table that others write: their merge comes through in between. */
const BREATHER_MS = 1_000;

/**
 * Rewrites small files, files with many marked rows and unsorted files of a table, and commits that as `OPTIMIZE` without a
 * change of data. Runs beside writers: files that they change are left out, and they only have to look again at files
 * that both change. Repeated, it does nothing.
 * @throws LAKE_REWRITE_MISMATCH, LAKE_MERGE_FAILED, STORE_*; then what was committed stays
 */
export async function optimizeTable(tools: RewriteTools, options: OptimizeOptions): Promise<OptimizeReport> {
  const { delta } = tools.table;
  let report = NOTHING;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    await delta.refresh();
    // Of each version anew: a writer may have begun partitions.
    const takes = await options.where?.takesIn(delta.state);
    const plan = planOptimize(delta.state, options.rule, options.nowMs(), takes);
    if (plan.units.length === 0) return report;
    const { commits, dropped } = report;
    report = await runPlan(tools, plan, options, report);
    if (report.stopped || (report.commits === commits && report.dropped === dropped)) return report;
  }
  return report;
}

async function runPlan(
  tools: RewriteTools,
  plan: OptimizePlan,
  options: OptimizeOptions,
  before: OptimizeReport,
): Promise<OptimizeReport> {
  const { delta } = tools.table;
  const shape = rewriteShape(delta.state);
  let report = before;
  for (const group of neighbours(plan.units, (unit) => unit.bytes, COMMIT_BYTES, COMMIT_UNITS)) {
    const ready: Rewrite[] = [];
    for (const unit of group) {
      if (options.signal?.aborted === true) break;
      ready.push(await rewriteUnit(tools, unit, plan));
      options.onUnit?.();
    }
    if (ready.length > 0) {
      options.failpoint?.('optimize-uploaded');
      const known = delta.state.version;
      const commit = await commitRewrites(delta, ready, shape, request(plan, options));
      options.failpoint?.('optimize-committed');
      report = added(report, commit);
      options.onProgress?.(report, bytesOf(plan.units.flatMap((unit) => unit.files)));
      // Another schema: the rest is planned again.
      if (rewriteShape(delta.state) !== shape) return report;
      // Somebody else writes: nobody is to lose twice in a row to this.
      if (delta.state.version > known + 1)
        await sleep(BREATHER_MS, undefined, { signal: options.signal }).catch(() => undefined);
    }
    if (options.signal?.aborted === true) return { ...report, stopped: true };
  }
  return report;
}

function request(plan: OptimizePlan, { where, nowMs, isAutomatic }: OptimizeOptions) {
  return {
    operation: 'OPTIMIZE',
    operationParameters: {
      predicate: JSON.stringify(where === undefined ? [] : [where.predicate]),
      zOrderBy: JSON.stringify(plan.clusterBy),
      clusterBy: '[]',
      auto: String(isAutomatic === true),
    },
    dataChange: false,
    nowMs,
  };
}

function added(
  report: OptimizeReport,
  commit: {
    readonly version: number | null;
    readonly committed: readonly Rewrite[];
    readonly dropped: readonly Rewrite[];
  },
): OptimizeReport {
  const files = commit.committed.flatMap((one) => one.files);
  const adds = commit.committed.flatMap((one) => one.adds);
  return {
    ...report,
    filesRemoved: report.filesRemoved + files.length,
    filesAdded: report.filesAdded + adds.length,
    bytesRemoved: report.bytesRemoved + bytesOf(files),
    bytesAdded: report.bytesAdded + bytesOf(adds),
    vectorsRemoved: report.vectorsRemoved + files.filter((file) => file.deletionVector !== undefined).length,
    commits: report.commits + (commit.version === null ? 0 : 1),
    dropped: report.dropped + commit.dropped.length,
  };
}
