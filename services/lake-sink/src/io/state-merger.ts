import { isPlatformError } from '@hasivu/errors';
import { partitionId, keyOfPath, readEverything, removalOf, type Action, type AddFile } from '@hasivu/delta';
import type { PartitionFiles } from '../core/engine-sql.ts';
import type { ChangePosition } from '../core/row-batch.ts';
import { filesBeforeTruncate, filesInRange, smallFilesToMerge, type KeyRange } from '../core/state-plan.ts';
import {
  batchRelation,
  dropStaleChangesSql,
  existingRelation,
  lastChangesSql,
  missingValuesSql,
  nextRowsSql,
  stateFields,
  storedColumns,
  touchedFilesSql,
} from '../core/state-sql.ts';
import { identifier } from '../core/engine-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import { uploadEngineFiles, writePartitioned } from './engine-files.ts';
import type { Engine, EngineSession } from './engine.ts';
import type { Failpoint } from './failpoint.ts';
import type { FileCache } from './file-cache.ts';
import type { LakeTable } from './lake-table.ts';

/** One batch to be applied to a state table. */
export interface StateBatch {
  readonly shape: TableShape;
  /** Local files of the batch's rows. */
  readonly files: readonly PartitionFiles[];
  /** The last TRUNCATE that the table knows, this batch's included: older changes are dropped. */
  readonly truncatedAt: ChangePosition | null;
  /** This batch has a TRUNCATE: rows of the table go too. */
  readonly truncates: boolean;
  readonly unavailable: readonly string[];
  /** Committed with the files: the offsets the batch ends at. */
  readonly txns: readonly Action[];
}

export interface StateCommit {
  readonly version: number;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  readonly bytesAdded: number;
}

/** Tries of one batch when others rewrite files of the table meanwhile (a compactor). */
const MAX_TRIES = 5;

/** Applies batches to a state table by rewriting only the files that hold a changed key. */
export class StateMerger {
  readonly #engine: Engine;
  readonly #cache: FileCache;
  readonly #failpoint: Failpoint;

  constructor(engine: Engine, cache: FileCache, failpoint: Failpoint) {
    this.#engine = engine;
    this.#cache = cache;
    this.#failpoint = failpoint;
  }

  /** @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT, LAKE_MERGE_FAILED; then nothing of the batch is visible */
  async apply(table: LakeTable, batch: StateBatch): Promise<StateCommit> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#engine.exclusively(`merging a batch into ${table.root}`, (session) =>
          this.#merge(session, table, batch),
        );
      } catch (error) {
        if (!isPlatformError(error) || error.code !== 'LAKE_COMMIT_CONFLICT' || attempt === MAX_TRIES)
          throw error;
        await table.delta.refresh();
      }
    }
  }

  async #merge(session: EngineSession, table: LakeTable, batch: StateBatch): Promise<StateCommit> {
    const { shape } = batch;
    const rows = batchRelation(shape, batch.files);
    await session.run(lastChangesSql(shape, rows, batch.truncatedAt));
    const live = [...table.delta.state.files.values()];
    const plan = await this.#planRewrite(session, table, batch, live);
    const existing =
      plan.rewritten.length === 0
        ? null
        : existingRelation(shape, await this.#localFiles(table, plan.rewritten));
    if (existing !== null) await session.run(dropStaleChangesSql(shape, existing));
    const input = { batch: rows, existing, truncatedAt: batch.truncatedAt, unavailable: batch.unavailable };
    if (batch.unavailable.length > 0) await session.run(missingValuesSql(shape, input));
    await session.run(nextRowsSql(shape, input));
    const order = { stored: storedColumns(shape), partitions: shape.partitions, orderBy: shape.key };
    const written = await writePartitioned(session, 'state_next', 'state', order);
    const adds = await uploadEngineFiles(table, this.#cache, written, stateFields(shape), shape.partitions);
    this.#failpoint('state-uploaded');
    const removed = [...plan.rewritten, ...plan.emptied];
    const nowMs = Date.now();
    const version = await table.delta.commit({
      actions: [
        ...removed.map((file) => removalOf(file, nowMs)),
        ...adds.map((add) => ({ add })),
        ...batch.txns,
      ],
      operation: 'MERGE',
      operationMetrics: {
        numTargetFilesAdded: String(adds.length),
        numTargetFilesRemoved: String(removed.length),
      },
      reads: readEverything(live.map((file) => file.path)),
      isolation: 'serializable',
    });
    for (const file of removed) await this.#cache.forget(keyOf(table, file));
    await this.#cache.trim();
    const bytesAdded = adds.reduce((sum, add) => sum + add.size, 0);
    return { version, filesAdded: adds.length, filesRemoved: removed.length, bytesAdded };
  }

  /** Files to be rewritten, and files that a TRUNCATE empties. */
  async #planRewrite(session: EngineSession, table: LakeTable, batch: StateBatch, live: readonly AddFile[]) {
    const split =
      batch.truncates && batch.truncatedAt !== null ? filesBeforeTruncate(live, batch.truncatedAt) : null;
    const emptied = new Set(split?.emptied ?? []);
    const rewritten = new Set(split?.mixed ?? (await this.#touchedFiles(session, table, batch, live)));
    const byPartition = new Map<string, AddFile[]>();
    for (const file of live) {
      if (emptied.has(file)) continue;
      const id = partitionId(table.partitionColumns, file.partitionValues);
      byPartition.set(id, [...(byPartition.get(id) ?? []), file]);
    }
    for (const files of byPartition.values()) {
      for (const file of smallFilesToMerge(files, (other) => rewritten.has(other))) rewritten.add(file);
    }
    return { rewritten: [...rewritten], emptied: [...emptied] };
  }

  async #touchedFiles(
    session: EngineSession,
    table: LakeTable,
    batch: StateBatch,
    live: readonly AddFile[],
  ): Promise<AddFile[]> {
    const range = await keyRange(session, batch.shape);
    if (range === null) return [];
    const candidates = filesInRange(live, range);
    if (candidates.length === 0) return [];
    const local = await this.#localFiles(table, candidates);
    const byPath = new Map<string, AddFile>();
    for (const file of candidates) byPath.set(await this.#cache.pathOf(keyOf(table, file)), file);
    const touched = await session.rows(touchedFilesSql(batch.shape, existingRelation(batch.shape, local)));
    return touched.map((row) => byPath.get(row['__file'] as string) as AddFile);
  }

  async #localFiles(table: LakeTable, files: readonly AddFile[]): Promise<PartitionFiles[]> {
    const groups = new Map<string, { partitionValues: AddFile['partitionValues']; paths: string[] }>();
    for (const file of files) {
      const id = partitionId(table.partitionColumns, file.partitionValues);
      const group = groups.get(id) ?? { partitionValues: file.partitionValues, paths: [] };
      group.paths.push(await this.#cache.pathOf(keyOf(table, file)));
      groups.set(id, group);
    }
    return [...groups.values()];
  }
}

/** First and last changed key by the first key column; null when the batch changes nothing. */
async function keyRange(session: EngineSession, shape: TableShape): Promise<KeyRange | null> {
  const column = shape.key[0] as string;
  const name = identifier(column);
  const [row] = await session.rows(
    `SELECT count(*) AS changes, CAST(min(${name}) AS VARCHAR) AS low, CAST(max(${name}) AS VARCHAR) AS high FROM change_last`,
  );
  if (row === undefined || Number(row['changes']) === 0) return null;
  const type = shape.rowFields.find((own) => own.name === column)?.type ?? 'binary';
  return { column, type, min: textOrNull(row['low']), max: textOrNull(row['high']) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function keyOf(table: LakeTable, file: AddFile): string {
  return `${table.root}/${keyOfPath(file.path)}`;
}
