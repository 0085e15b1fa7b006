import { isPlatformError } from '@hasivu/errors';
import type { DeltaSurroundings, DeltaTable } from '../delta-table.ts';
import { checkWritable } from '../protocol.ts';
import { tombstoneRetentionMs } from '../table-properties.ts';
import { deleteFiles } from './delete-files.ts';
import { keptFiles } from './kept-files.ts';
import { listedGarbage, type GarbageFile } from './listed-garbage.ts';
import {
  commitsToVacuum,
  lastCommitBefore,
  loggedGarbage,
  removalsSince,
  writeNote,
} from './logged-garbage.ts';
import { chosenRetention, type Retention, type RetentionChoice } from './vacuum-retention.ts';

/** `lite` looks through the log only; `full` lists the table's folder and finds what crashed writers left as well. */
export type VacuumMode = 'full' | 'lite';

export interface VacuumOptions extends RetentionChoice {
  /** `full` by default. */
  readonly mode?: VacuumMode;
  /** Only says what would be deleted. */
  readonly dryRun?: boolean;
  /** Called for each file that is found. */
  readonly onFound?: (file: GarbageFile) => void;
  /** Called while files are deleted, with how many of those found are gone. */
  readonly onProgress?: (deletedFiles: number, foundFiles: number) => void;
  /** Ends the work between two deletions; the log then says that the vacuum failed, and the next one goes on. */
  readonly signal?: AbortSignal;
}

export interface VacuumReport {
  readonly mode: VacuumMode;
  readonly dryRun: boolean;
  readonly retentionMs: number;
  readonly foundFiles: number;
  readonly foundBytes: number;
  readonly deletedFiles: number;
}

/**
 * Deletes the files that no version within the retention needs. Versions before it can no longer be read afterwards.
 * Two passes, so that nothing has to be remembered but the files in use: one counts, one deletes, and between them
 * stands a VACUUM START commit, which also shows what others committed meanwhile. Killed at any moment, the table
 * is whole, and the next vacuum deletes the rest.
 * @throws LAKE_RETENTION_TOO_SHORT, LAKE_VACUUM_NEEDS_LISTING, LAKE_PROTOCOL_UNSUPPORTED, LAKE_PROPERTY_INVALID
 */
export async function vacuumTable(
  table: DeltaTable,
  around: DeltaSurroundings,
  options: VacuumOptions = {},
): Promise<VacuumReport> {
  await table.refresh();
  // Also what the feature vacuumProtocolCheck asks for: a table nobody here could write is not vacuumed either.
  checkWritable(table.state.protocol, table.root);
  const retention = chosenRetention(table.root, table.state.metadata.configuration, options);
  const pass = {
    table,
    around,
    retention,
    mode: options.mode ?? 'full',
    keptFromMs: around.nowMs() - retention.retentionMs,
  };
  const found = { foundFiles: 0, foundBytes: 0 };
  for await (const file of garbageOf(pass)) {
    options.signal?.throwIfAborted();
    found.foundFiles += 1;
    found.foundBytes += file.sizeBytes;
    options.onFound?.(file);
  }
  const report = {
    mode: pass.mode,
    dryRun: options.dryRun === true,
    retentionMs: retention.retentionMs,
    ...found,
  };
  if (report.dryRun) return { ...report, deletedFiles: 0 };
  await commitStart(table, retention, options, found);
  const deletion = { deletedFiles: 0 };
  try {
    // What was committed since the first pass is known now: a file that came into use is kept.
    for await (const deletedFiles of deleteFiles(around.store, table.root, garbageOf(pass), options.signal)) {
      deletion.deletedFiles = deletedFiles;
      options.onProgress?.(deletedFiles, found.foundFiles);
    }
    await noteProgress(pass);
  } catch (error) {
    await commitEnd(table, 'FAILED', deletion.deletedFiles).catch(() => undefined);
    throw error;
  }
  await commitEnd(table, 'COMPLETED', deletion.deletedFiles);
  return { ...report, ...deletion };
}

interface VacuumPass {
  readonly table: DeltaTable;
  readonly around: DeltaSurroundings;
  readonly retention: Retention;
  readonly mode: VacuumMode;
  readonly keptFromMs: number;
}

async function* garbageOf({
  table,
  around,
  retention,
  mode,
  keptFromMs,
}: VacuumPass): AsyncGenerator<GarbageFile> {
  const { root, state } = table;
  const { store } = around;
  const { configuration, partitionColumns } = state.metadata;
  // Checkpoints forget removals after the table's own retention; for a longer one the commits are asked.
  const recent =
    retention.retentionMs > tombstoneRetentionMs(configuration)
      ? await removalsSince(store, root, keptFromMs, state.version)
      : [];
  const kept = keptFiles(root, state, keptFromMs, recent);
  const bounds = { store, root, partitionColumns, keptFromMs, kept };
  if (mode === 'full') yield* listedGarbage(bounds);
  else yield* loggedGarbage(bounds, await commitsToVacuum(store, root, keptFromMs));
}

async function noteProgress({ table, around, keptFromMs }: VacuumPass): Promise<void> {
  const { last } = await lastCommitBefore(around.store, table.root, keptFromMs);
  if (last >= 0) await writeNote(around.store, table.root, last);
}

async function commitStart(
  table: DeltaTable,
  { retentionMs, defaultMs }: Retention,
  options: VacuumOptions,
  { foundFiles, foundBytes }: { readonly foundFiles: number; readonly foundBytes: number },
): Promise<void> {
  await table.commit({
    actions: [],
    operation: 'VACUUM START',
    operationParameters: {
      retentionCheckEnabled: String(options.unsafeRetention !== true),
      defaultRetentionMillis: String(defaultMs),
      ...(options.retentionMs === undefined ? {} : { specifiedRetentionMillis: String(retentionMs) }),
    },
    operationMetrics: { numFilesToDelete: String(foundFiles), sizeOfDataToDelete: String(foundBytes) },
  });
}

/** The log's note of the end must not fail over a schema that changed meanwhile: the files are gone already. */
async function commitEnd(
  table: DeltaTable,
  status: 'COMPLETED' | 'FAILED',
  deletedFiles: number,
): Promise<void> {
  const request = {
    actions: [],
    operation: 'VACUUM END',
    operationParameters: { status },
    operationMetrics: { numDeletedFiles: String(deletedFiles) },
  };
  try {
    await table.commit(request);
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'LAKE_COMMIT_CONFLICT') throw error;
    await table.refresh();
    await table.commit(request);
  }
}
