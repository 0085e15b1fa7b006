import { PlatformError } from '@hasivu/errors';
import type { Action, CommitInfo, Metadata } from './actions.ts';
import { checkpointCodec, type CheckpointCodec } from './checkpoint-codec.ts';
import { checkChangeFeed } from './change-feed/check-change-feed.ts';
import { checkConstraints } from './check-constraints.ts';
import { checkVectors } from './check-vectors.ts';
import { checkMapping } from './column-mapping/check-mapping.ts';
import { withColumnIds } from './column-mapping/map-columns.ts';
import { commitActions, fencedError } from './commit-loop.ts';
import { READ_NOTHING, type Isolation, type ReadScope } from './conflict.ts';
import { readHistory, type HistoryEntry } from './history.ts';
import { hasLog, loadState, newestVersion, refreshState } from './load-state.ts';
import { cleanLog } from './log-cleanup.ts';
import { checkpointKey, lastCheckpointKey } from './log-path.ts';
import type { LogStore } from './log-store.ts';
import { firstMoved, ownSequences, type OwnAppId } from './own-sequences.ts';
import { checkReadable, checkWritable, protocolFor } from './protocol.ts';
import { schemaString, type DeltaStruct } from './schema.ts';
import { checkpointInterval, LEAST_LOG_RETENTION_MS, logRetentionMs } from './table-properties.ts';
import { TableState } from './table-state.ts';
import { loadStateAt, type TableMoment } from './time-travel.ts';

/** What the library takes from its surroundings, so that tests decide the time and the names. */
export interface DeltaSurroundings {
  readonly store: LogStore;
  readonly nowMs: () => number;
  /** A fresh unique name, e.g. `randomUUID`. */
  readonly newId: () => string;
  readonly codec?: CheckpointCodec;
  /** Written into commitInfo. */
  readonly engineInfo?: string;
  /**
   * Told when no checkpoint could be written after a commit, or the log not be cleaned up. The commit stands all the
   * same, and readers have more commits to read until the next checkpoint.
   */
  readonly onUpkeepFailed?: (error: unknown, root: string) => void;
  /**
   * Application ids (`txn`) that are this process's alone, each by one table object. Once another writer has moved one, every
   * commit and refresh of the table object fails (LAKE_FENCED): what it knows of its own sequences is not so any more.
   */
  readonly isOwnAppId?: OwnAppId;
}

export interface TableDefinition {
  readonly schema: DeltaStruct;
  readonly partitionColumns?: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly name?: string;
  /** Committed with version 0, e.g. the first `txn` actions. */
  readonly actions?: readonly Action[];
}

export interface CommitRequest {
  readonly actions: readonly Action[];
  readonly operation: string;
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly operationMetrics?: Readonly<Record<string, string>>;
  /** Nothing for a blind append, which is the default. */
  readonly reads?: ReadScope;
  readonly isolation?: Isolation;
  /** The writer has held every new row against the table's constraints (`constraintsOf`). */
  readonly enforcesConstraints?: boolean;
}

/** A table as of one version, to be read only. */
export interface TableSnapshot {
  readonly root: string;
  readonly state: TableState;
}

const HISTORY_LIMIT = 100;
const NO_SEQUENCES: ReadonlyMap<string, number> = new Map();

/** One Delta table: its newest known state, and commits to it. */
export class DeltaTable {
  readonly root: string;
  readonly #around: DeltaSurroundings;
  readonly #state: TableState;
  /** When the log was last seen as it is. */
  #seenMs: number;
  /** Time of the log's earliest commit, as far as it is known: before it expires there is nothing to clean up. */
  #earliestCommitMs = -Infinity;
  /** What it was fenced by: its state has taken the other writer's sequences in since. */
  #fenced: PlatformError | null = null;

  private constructor(root: string, around: DeltaSurroundings, state: TableState) {
    this.root = root;
    this.#around = around;
    this.#state = state;
    this.#seenMs = around.nowMs();
  }

  /** The table under `root` (no slash at either end), or null. @throws LAKE_LOG_CORRUPT, LAKE_PROTOCOL_UNSUPPORTED */
  static async open(root: string, around: DeltaSurroundings): Promise<DeltaTable | null> {
    const state = await loadState(around.store, root, around.codec ?? checkpointCodec);
    if (state === null) return null;
    checkReadable(state.protocol, root);
    return new DeltaTable(root, around, state);
  }

  /**
   * The table as of a version or a time, or null when there is none.
   * @throws LAKE_VERSION_GONE, LAKE_VERSION_FUTURE, LAKE_LOG_CORRUPT, LAKE_PROTOCOL_UNSUPPORTED
   */
  static async openAt(
    root: string,
    moment: TableMoment,
    around: DeltaSurroundings,
  ): Promise<TableSnapshot | null> {
    const { store, codec, nowMs } = around;
    const state = await loadStateAt(store, root, codec ?? checkpointCodec, moment, nowMs());
    if (state === null) return null;
    checkReadable(state.protocol, root);
    return { root, state };
  }

  /** Creates version 0; when another writer was first, opens what it created. */
  static async create(
    root: string,
    definition: TableDefinition,
    around: DeltaSurroundings,
  ): Promise<DeltaTable> {
    // Version 0 of a table whose log was cleaned up is free to be taken, and taking it would end the table.
    if (await hasLog(around.store, root)) {
      const existing = await DeltaTable.open(root, around);
      if (existing !== null) return withoutOwn(existing, around.isOwnAppId);
    }
    const described: Metadata = {
      id: around.newId(),
      ...(definition.name === undefined ? {} : { name: definition.name }),
      format: { provider: 'parquet', options: {} },
      schemaString: schemaString(definition.schema),
      partitionColumns: definition.partitionColumns ?? [],
      configuration: definition.configuration ?? {},
      createdTime: around.nowMs(),
    };
    const metaData = withColumnIds(described, around.newId);
    const info = commitInfo(around, { actions: [], operation: 'CREATE TABLE' }, true);
    const actions: Action[] = [
      { commitInfo: info },
      { protocol: protocolFor(definition.schema, definition.configuration) },
      { metaData },
      ...(definition.actions ?? []),
    ];
    const state = new TableState();
    try {
      await commitActions(around.store, root, state, {
        actions,
        txnId: info.txnId as string,
        reads: READ_NOTHING,
        isolation: 'serializable',
      });
    } catch (error) {
      const existing = await DeltaTable.open(root, around);
      if (existing === null) throw error;
      return withoutOwn(existing, around.isOwnAppId);
    }
    return new DeltaTable(root, around, state);
  }

  get state(): TableState {
    return this.#state;
  }

  /** Reads the commits that others made since. @returns how many @throws LAKE_FENCED */
  async refresh(): Promise<number> {
    const { store, codec, nowMs } = this.#around;
    this.#failIfFenced();
    const known = this.#state.version;
    const own = this.#ownSequences();
    const newest = this.#isStale ? await newestVersion(store, this.root) : -1;
    await refreshState(store, this.root, this.#state);
    if (this.#state.version < newest) {
      const state = await loadState(store, this.root, codec ?? checkpointCodec);
      if (state !== null) this.#state.replaceBy(state);
    }
    this.#seenMs = nowMs();
    const moved = firstMoved(own, this.#ownSequences());
    if (moved !== null) this.#fenced = fencedError(this.root, this.#state.version, moved);
    this.#failIfFenced();
    const applied = this.#state.version - known;
    if (applied > 0) checkReadable(this.#state.protocol, this.root);
    return applied;
  }

  /** What the commits did, newest first, as far back as the log goes. @param limit at most this many, 100 by default */
  async history(limit = HISTORY_LIMIT): Promise<HistoryEntry[]> {
    await this.refresh();
    return await readHistory(this.#around.store, this.root, this.#state.version, limit);
  }

  /**
   * Makes the actions the table's next version. Data files must be uploaded before: a crash in between leaves
   * objects that no version names. @returns the version @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT
   */
  async commit(request: CommitRequest): Promise<number> {
    this.#failIfFenced();
    checkWritable(this.#state.protocol, this.root);
    checkAppendOnly(this.root, this.#state.metadata, request.actions);
    checkVectors(this.root, this.#state, request.actions);
    checkChangeFeed(this.root, this.#state, request.actions);
    if (request.enforcesConstraints !== true) checkConstraints(this.root, this.#state, request.actions);
    checkMapping(this.#state, request.actions);
    const takenVersion = this.#isStale ? await newestVersion(this.#around.store, this.root) : undefined;
    const blind = request.reads === undefined && request.actions.every((action) => !('remove' in action));
    const info = commitInfo(this.#around, request, blind);
    const version = await commitActions(this.#around.store, this.root, this.#state, {
      actions: [{ commitInfo: info }, ...request.actions],
      txnId: info.txnId as string,
      reads: request.reads ?? READ_NOTHING,
      isolation: request.isolation ?? 'write-serializable',
      takenVersion,
      isOwnAppId: this.#around.isOwnAppId,
    });
    this.#seenMs = this.#around.nowMs();
    const { metadata, files, tombstoneCount } = this.#state;
    if (
      version > 0 &&
      version % checkpointInterval(metadata.configuration, files.size, tombstoneCount) === 0
    ) {
      await this.#keepLog();
    }
    return version;
  }

  /** Writes a checkpoint of the known version. Overwriting one of the same version is harmless: its content is the same. */
  async checkpoint(): Promise<void> {
    const { store, nowMs, codec } = this.#around;
    const version = this.#state.version;
    const actions = this.#state.checkpointActions(nowMs());
    const numOfAddFiles = this.#state.files.size;
    const bytes = await (codec ?? checkpointCodec).encode(actions);
    await store.put(checkpointKey(this.root, version), bytes);
    const hint = {
      version,
      size: actions.length,
      sizeInBytes: bytes.byteLength,
      numOfAddFiles,
    };
    await store.put(lastCheckpointKey(this.root), Buffer.from(JSON.stringify(hint)));
  }

  /**
   * Removes the part of the log that `delta.logRetentionDuration` has passed and no retained version needs; done after
   * every checkpoint. @returns how many files were removed
   */
  async cleanLog(): Promise<number> {
    const { store, nowMs } = this.#around;
    const cutMs = nowMs() - logRetentionMs(this.#state.metadata.configuration);
    if (this.#earliestCommitMs > cutMs || cutMs === -Infinity) return 0;
    const { deletedFiles, earliestMs } = await cleanLog(store, this.root, cutMs);
    this.#earliestCommitMs = earliestMs;
    return deletedFiles;
  }

  /** Never throws: the caller would take the failure for the commit's, and commit the same rows again. */
  async #keepLog(): Promise<void> {
    try {
      await this.checkpoint();
      await this.cleanLog();
    } catch (error) {
      this.#around.onUpkeepFailed?.(error, this.root);
    }
  }

  #ownSequences(): ReadonlyMap<string, number> {
    const { isOwnAppId } = this.#around;
    return isOwnAppId === undefined ? NO_SEQUENCES : ownSequences(this.#state, isOwnAppId);
  }

  #failIfFenced(): void {
    if (this.#fenced !== null) throw this.#fenced;
  }

  /** Whether the log may have been cleaned up past the version that is known here. */
  get #isStale(): boolean {
    return this.#around.nowMs() - this.#seenMs >= LEAST_LOG_RETENTION_MS / 2;
  }
}

/** Who creates a table takes its own sequences for new ones. */
function withoutOwn(existing: DeltaTable, isOwnAppId: OwnAppId | undefined): DeltaTable {
  if (isOwnAppId === undefined) return existing;
  const [appId] = ownSequences(existing.state, isOwnAppId).keys();
  if (appId !== undefined) throw fencedError(existing.root, existing.state.version, appId);
  return existing;
}

function commitInfo(around: DeltaSurroundings, request: CommitRequest, isBlindAppend: boolean): CommitInfo {
  return {
    timestamp: around.nowMs(),
    operation: request.operation,
    operationParameters: request.operationParameters ?? {},
    ...(request.operationMetrics === undefined ? {} : { operationMetrics: request.operationMetrics }),
    engineInfo: around.engineInfo ?? 'hasivu-delta',
    isBlindAppend,
    txnId: around.newId(),
  };
}

/** Writer version 2 obliges us: an append-only table loses no row. */
function checkAppendOnly(root: string, metadata: Metadata, actions: readonly Action[]): void {
  if (metadata.configuration['delta.appendOnly'] !== 'true') return;
  if (!actions.some((action) => 'remove' in action && action.remove.dataChange)) return;
  throw new PlatformError('LAKE_COMMIT_CONFLICT', {
    doing: `committing to the table ${root}`,
    why: 'the table is append-only and the commit removes rows',
    context: { table: root },
  });
}
