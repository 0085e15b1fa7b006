import { parseStatistics, type AddFile } from '@hasivu/delta';
import { bytesOf } from './core/neighbours.ts';
import { planRetention, staysSql, type RetentionRule } from './core/retention-plan.ts';
import { tableOrder } from './core/table-order.ts';
import { commitRewrites, rewriteShape } from './rewrite-commit.ts';
import { rewriteUnit, type Rewrite, type RewriteTools } from './rewrite-unit.ts';

export interface RetainOptions {
  readonly rule: RetentionRule;
  readonly nowMs: () => number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
  /** Ends the work between two files; what is done then is committed. */
  readonly signal?: AbortSignal;
  readonly onUnit?: () => void;
}

export interface RetainReport {
  readonly wholeFiles: number;
  readonly wholeBytes: number;
  /** Files that may hold rows before the cut beside others. */
  readonly mixedFiles: number;
  readonly mixedBytes: number;
  /** Rows that went; of a dry run those of whole files, since others are not read. */
  readonly rows: number;
  readonly commits: number;
  /** Files that a writer changed meanwhile: they are for the next time. */
  readonly dropped: number;
  readonly stopped: boolean;
}

const ROUNDS = 3;
/** Files written anew for one commit at most. */
const COMMIT_FILES = 16;

/**
 * Takes the rows before the cut out of a table: files that hold nothing else at once, then the others one by one, which are
 * written anew rather than marked, since marked rows stay in the store. What went can be read in older versions until a
 * vacuum after the retention of files. Runs beside writers, as a compaction does. Null where the table has no such column.
 * @throws LAKE_MERGE_FAILED, STORE_*; then what was committed stays
 */
export async function retainTable(tools: RewriteTools, options: RetainOptions): Promise<RetainReport | null> {
  const { delta } = tools.table;
  let report: RetainReport | null = null;
  for (let round = 1; round <= ROUNDS; round += 1) {
    await delta.refresh();
    const plan = planRetention(delta.state, options.rule);
    if (plan === null) return null;
    const { whole, mixed } = plan;
    if (report === null)
      report = {
        wholeFiles: whole.length,
        wholeBytes: bytesOf(whole),
        mixedFiles: mixed.length,
        mixedBytes: bytesOf(mixed),
        rows: options.dryRun === true ? rowsOf(whole) : 0,
        commits: 0,
        dropped: 0,
        stopped: false,
      };
    if (options.dryRun === true) return report;
    const before: number = report.dropped;
    report = await runPlan(tools, plan, options, report);
    if (report.stopped || report.dropped === before) return report;
  }
  return report;
}

async function runPlan(
  tools: RewriteTools,
  plan: { readonly whole: readonly AddFile[]; readonly mixed: readonly AddFile[] },
  options: RetainOptions,
  before: RetainReport,
): Promise<RetainReport> {
  const { delta } = tools.table;
  const { state } = delta;
  const shape = rewriteShape(state);
  const keeps = staysSql(state, options.rule);
  const { columns } = tableOrder(state.metadata, state.schema);
  const layout = { targetBytes: 0, orderBy: columns, clusterBy: [] };
  let report = before;
  const commit = async (rewrites: readonly Rewrite[]): Promise<void> => {
    if (rewrites.length === 0) return;
    const { version, committed, dropped } = await commitRewrites(delta, rewrites, shape, request(options));
    report = {
      ...report,
      rows: report.rows + rowsGone(committed),
      commits: report.commits + (version === null ? 0 : 1),
      dropped: report.dropped + dropped.length,
    };
  };
  // A file each, so that one that was changed meanwhile does not hold up the others.
  await commit(plan.whole.map((file) => ({ files: [file], adds: [] })));
  let ready: Rewrite[] = [];
  for (const file of plan.mixed) {
    if (options.signal?.aborted === true) break;
    if (rewriteShape(delta.state) !== shape) return { ...report, dropped: report.dropped + 1 };
    const unit = { partitionValues: file.partitionValues, files: [file], bytes: file.size };
    const rewrite = await rewriteUnit(tools, unit, layout, keeps);
    options.onUnit?.();
    // A file without statistics may turn out to hold nothing that goes.
    if (rowsGone([rewrite]) > 0) ready.push(rewrite);
    if (ready.length < COMMIT_FILES) continue;
    await commit(ready);
    ready = [];
  }
  await commit(ready);
  return options.signal?.aborted === true ? { ...report, stopped: true } : report;
}

function request({ rule, nowMs }: RetainOptions) {
  const predicate = `${rule.column} < '${new Date(rule.cutMs).toISOString()}'`;
  return {
    operation: 'DELETE',
    operationParameters: { predicate: JSON.stringify([predicate]) },
    dataChange: true,
    nowMs,
  };
}

function rowsGone(rewrites: readonly Rewrite[]): number {
  return rewrites.reduce((sum, { files, adds }) => sum + rowsOf(files) - rowsOf(adds), 0);
}

/** Rows that are not marked deleted. */
function rowsOf(files: readonly AddFile[]): number {
  return files.reduce((sum, { stats, deletionVector }) => {
    const { numRecords } = parseStatistics(stats);
    return sum + Math.max(0, numRecords - (deletionVector?.cardinality ?? 0));
  }, 0);
}
