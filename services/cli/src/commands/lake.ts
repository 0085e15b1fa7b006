import { vacuumTable, type DeltaTable, type HistoryEntry, type VacuumReport } from '@hasivu/delta';
import { EXIT } from '@hasivu/errors';
import { openStore, type ObjectStore } from '@hasivu/object-store';
import type { CliContext } from '../cli-context.ts';
import { historyTable } from '../lake/history-table.ts';
import { configWithLake } from '../lake/lake-section.ts';
import { checkHold } from '../lake/legal-hold.ts';
import { openNamedTable, surroundings } from '../lake/lake-table.ts';
import { MAINTENANCE_AGENT } from '../lake/open-lake.ts';
import { formatBytes, formatCount, formatDuration } from '../terminal/quantity.ts';

export interface LakeOptions {
  readonly file: string;
  readonly json: boolean;
}

export interface DryRunOptions extends LakeOptions {
  readonly dryRun: boolean;
}

export interface HistoryOptions extends LakeOptions {
  readonly limit: number;
}

export interface VacuumCommandOptions extends DryRunOptions {
  readonly lite: boolean;
  readonly retainHours?: number;
  readonly unsafeRetention: boolean;
}

const HOUR_MS = 3_600_000;
/** A line of progress after this many files. */
const PROGRESS_FILES = 1_000;

/** Commits of a table, newest first. */
export async function showHistory(
  context: CliContext,
  name: string,
  options: HistoryOptions,
): Promise<number> {
  const config = configWithLake(context, options.file);
  const entries = await withTable(config, name, (table) => table.history(options.limit));
  if (options.json)
    context.out.write(`${JSON.stringify({ table: name, commits: entries.map(commitJson) })}\n`);
  else for (const line of historyTable(entries)) context.out.write(`${line}\n`);
  return EXIT.ok;
}

/** Deletes the files that no retained version of a table needs; with --dry-run names them. */
export async function vacuum(
  context: CliContext,
  name: string,
  options: VacuumCommandOptions,
): Promise<number> {
  const { dryRun, lite, retainHours, unsafeRetention } = options;
  const config = configWithLake(context, options.file);
  if (!dryRun) checkHold(config, name, `deleting files of the table ${name}`);
  const paths: string[] = [];
  let told = 0;
  if (unsafeRetention)
    context.err.write(
      `${context.paint.yellow('--unsafe-retention: files that a running reader or writer needs are deleted as well')}\n`,
    );
  const report = await withTable(config, name, (table, store) =>
    vacuumTable(table, surroundings(store), {
      mode: lite ? 'lite' : 'full',
      dryRun,
      unsafeRetention,
      ...(retainHours === undefined ? {} : { retentionMs: retainHours * HOUR_MS }),
      onFound: ({ path }) => {
        if (!dryRun) return;
        if (options.json) paths.push(path);
        else context.out.write(`${path}\n`);
      },
      onProgress: (deleted, found) => {
        if (deleted < told + PROGRESS_FILES) return;
        told = deleted;
        context.err.write(`${formatCount(deleted)} of ${formatCount(found)} files deleted\n`);
      },
      signal: context.stop,
    }),
  );
  if (options.json)
    context.out.write(`${JSON.stringify({ table: name, ...report, ...(dryRun ? { paths } : {}) })}\n`);
  else context.out.write(`${describeVacuum(report)}\n`);
  return EXIT.ok;
}

function describeVacuum(report: VacuumReport): string {
  const { dryRun, foundFiles, foundBytes, deletedFiles, retentionMs } = report;
  const kept = `what was needed within the last ${formatDuration(retentionMs)} is kept`;
  return dryRun
    ? `${formatCount(foundFiles)} files (${formatBytes(foundBytes)}) would be deleted; ${kept}`
    : `${formatCount(deletedFiles)} files deleted (${formatBytes(foundBytes)} found); ${kept}`;
}

function commitJson({ version, timestampMs, commitInfo }: HistoryEntry): object {
  // The time that time travel goes by, not the clock of the writer.
  return { ...commitInfo, version, timestamp: new Date(timestampMs).toISOString() };
}

async function withTable<T>(
  config: ReturnType<typeof configWithLake>,
  name: string,
  work: (table: DeltaTable, store: ObjectStore) => Promise<T>,
): Promise<T> {
  const store = openStore({ ...config.lake, userAgent: MAINTENANCE_AGENT });
  try {
    return await work(await openNamedTable(store, name), store);
  } finally {
    store.close();
  }
}
