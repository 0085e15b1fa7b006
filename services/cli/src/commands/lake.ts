import { lakeTableOf, loadConfig } from '@hasivu/config';
import { topicPart } from '@hasivu/change-events';
import { DeltaTable, vacuumTable, type HistoryEntry, type VacuumReport } from '@hasivu/delta';
import { EXIT, PlatformError } from '@hasivu/errors';
import { openStore, type ObjectStore } from '@hasivu/object-store';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';
import { historyTable } from '../lake/history-table.ts';
import { lakeSectionOf } from '../lake/lake-section.ts';
import { rootOf, surroundings } from '../lake/lake-table.ts';
import { parseReference } from '../lake/table-reference.ts';
import { formatBytes, formatCount, formatDuration } from '../terminal/quantity.ts';

export interface LakeOptions {
  readonly file: string;
  readonly json: boolean;
}

export interface HistoryOptions extends LakeOptions {
  readonly limit: number;
}

export interface VacuumCommandOptions extends LakeOptions {
  readonly dryRun: boolean;
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
  const entries = await withTable(context, name, options, (table) => table.history(options.limit));
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
  if (!dryRun) checkHold(context, name, options);
  const paths: string[] = [];
  let told = 0;
  if (unsafeRetention)
    context.err.write(
      `${context.paint.yellow('--unsafe-retention: files that a running reader or writer needs are deleted as well')}\n`,
    );
  const report = await withTable(context, name, options, (table, store) =>
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

/** @throws PlatformError LAKE_ON_HOLD */
function checkHold(context: CliContext, name: string, { file }: LakeOptions): void {
  const config = loadConfig(resolveNamedFile(context, file), { ...context.env });
  const hold = lakeTableOf(config, rootOf(parseReference(name)), topicPart)?.config.retention?.hold;
  if (hold === undefined) return;
  throw new PlatformError('LAKE_ON_HOLD', {
    doing: `deleting files of the table ${name}`,
    why: `the hold is "${hold.name}"`,
    context: { table: name, hold: hold.name },
  });
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
  context: CliContext,
  name: string,
  { file }: LakeOptions,
  work: (table: DeltaTable, store: ObjectStore) => Promise<T>,
): Promise<T> {
  const root = rootOf(parseReference(name));
  const store = openStore(lakeSectionOf(context, file));
  try {
    const table = await DeltaTable.open(root, surroundings(store));
    if (table === null) throw unknownTable(name);
    return await work(table, store);
  } finally {
    store.close();
  }
}

function unknownTable(name: string): PlatformError {
  return new PlatformError('CLI_TABLE_UNKNOWN', {
    doing: `opening the table ${name}`,
    context: { table: name },
  });
}
