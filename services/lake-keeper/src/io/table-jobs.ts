import { vacuumTable, type DeltaSurroundings } from '@hasivu/delta';
import {
  optimizeTable,
  retainTable,
  tierOf,
  tierTable,
  type Engine,
  type FileCache,
  type LakeStore,
} from '@hasivu/lake-engine';
import type { JobKind } from '../core/work-choice.ts';
import type { KeeperMetrics } from '../metrics.ts';
import type { Failpoint } from './failpoint.ts';
import type { KeptTable } from './kept-tables.ts';
import type { TierEvidence } from './tier-evidence.ts';

export interface JobTools {
  readonly store: LakeStore;
  readonly around: DeltaSurroundings;
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly metrics: KeeperMetrics;
  readonly failpoint: Failpoint;
  /** Absent where no access log is configured: files are as old as their data. */
  readonly evidence?: Pick<TierEvidence, 'lastRead'>;
  /** Called as a job gets on. */
  readonly alive: () => void;
  readonly signal: AbortSignal;
}

export interface JobEnd {
  /** Stopped before everything was done. */
  readonly stopped: boolean;
  /** For the log. */
  readonly facts: Readonly<Record<string, number>>;
}

const JOBS: Readonly<Record<JobKind, (kept: KeptTable, tools: JobTools) => Promise<JobEnd>>> = {
  optimize,
  vacuum,
  retain,
  tier,
};

/** Does one job on one table. @throws LAKE_*, STORE_*; AbortError from a vacuum that was stopped */
export async function runJob(kind: JobKind, kept: KeptTable, tools: JobTools): Promise<JobEnd> {
  const ended = tools.metrics.jobSeconds.startTimer({ job: kind });
  try {
    return await JOBS[kind](kept, tools);
  } finally {
    ended();
  }
}

async function optimize({ root, table, policy }: KeptTable, tools: JobTools): Promise<JobEnd> {
  const { store, engine, cache, metrics, failpoint, alive, signal, around } = tools;
  const report = await optimizeTable(
    { table, engine, cache, store },
    {
      rule: policy.rule,
      nowMs: around.nowMs,
      signal,
      failpoint,
      isAutomatic: true,
      onUnit: alive,
    },
  );
  metrics.rewrittenBytes.inc({ table: root }, report.bytesRemoved);
  metrics.filesRemoved.inc({ table: root, job: 'optimize' }, report.filesRemoved);
  metrics.binsDropped.inc({ table: root }, report.dropped);
  const { stopped, ...facts } = report;
  return { stopped, facts };
}

async function vacuum({ root, table, policy }: KeptTable, tools: JobTools): Promise<JobEnd> {
  const { around, metrics, alive, signal } = tools;
  const report = await vacuumTable(table.delta, around, {
    ...(policy.vacuumRetainMs === undefined ? {} : { retentionMs: policy.vacuumRetainMs }),
    onFound: alive,
    onProgress: alive,
    signal,
  });
  metrics.filesRemoved.inc({ table: root, job: 'vacuum' }, report.deletedFiles);
  const { deletedFiles, foundFiles, foundBytes, retentionMs } = report;
  return { stopped: false, facts: { deletedFiles, foundFiles, foundBytes, retentionMs } };
}

async function retain(kept: KeptTable, tools: JobTools): Promise<JobEnd> {
  const { root, table, policy, retentionCutMs: cutMs } = kept;
  const { store, engine, cache, metrics, alive, signal, around } = tools;
  if (policy.retention === null || cutMs === null) return { stopped: false, facts: {} };
  const report = await retainTable(
    { table, engine, cache, store },
    { rule: { column: policy.retention.column, cutMs }, nowMs: around.nowMs, signal, onUnit: alive },
  );
  if (report === null) return { stopped: false, facts: {} };
  const { stopped, ...facts } = report;
  metrics.rowsExpired.inc({ table: root }, facts.rows);
  metrics.filesRemoved.inc({ table: root, job: 'retain' }, facts.wholeFiles);
  return { stopped: stopped || facts.dropped > 0, facts };
}

async function tier({ root, table, policy }: KeptTable, tools: JobTools): Promise<JobEnd> {
  const { store, metrics, alive, signal, around, evidence } = tools;
  const lastReadMs = await evidence?.lastRead();
  if (lastReadMs === null) return { stopped: true, facts: {} };
  const options = { rules: policy.tiers, nowMs: around.nowMs, signal, onMoved: alive };
  const { plan, movedFiles, movedBytes, stopped } = await tierTable(table.delta, store, {
    ...options,
    ...(lastReadMs === undefined ? {} : { lastReadMs }),
  });
  const bytes = { hot: 0, warm: 0, cold: 0 };
  for (const [storageClass, size] of stopped ? plan.bytesNow : plan.bytesThen)
    bytes[tierOf(storageClass, policy.tiers)] += size;
  for (const [name, size] of Object.entries(bytes)) metrics.tierBytes.set({ table: root, tier: name }, size);
  metrics.tierMoved.inc({ table: root }, movedBytes);
  const { readFiles } = plan;
  return { stopped, facts: { movedFiles, movedBytes, readFiles } };
}
