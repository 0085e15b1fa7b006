import { PlatformError } from '@hasivu/errors';
import type { Action, CommitInfo, Metadata } from './actions.ts';
import { checkpointCodec, type CheckpointCodec } from './checkpoint-codec.ts';
import { checkVectors } from './check-vectors.ts';
import { commitActions } from './commit-loop.ts';
import { READ_NOTHING, type Isolation, type ReadScope } from './conflict.ts';
import { loadState, refreshState } from './load-state.ts';
import { checkpointKey, lastCheckpointKey } from './log-path.ts';
import type { LogStore } from './log-store.ts';
import { checkReadable, checkWritable, protocolFor } from './protocol.ts';
import { schemaString, type DeltaStruct } from './schema.ts';
import { TableState } from './table-state.ts';

/** What the library takes from its surroundings, so that tests decide the time and the names. */
export interface DeltaSurroundings {
  readonly store: LogStore;
  readonly nowMs: () => number;
  /** A fresh unique name, e.g. `randomUUID`. */
  readonly newId: () => string;
  readonly codec?: CheckpointCodec;
  /** Written into commitInfo. */
  readonly engineInfo?: string;
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
}

/** Commits between two checkpoints, unless the table's own configuration says otherwise. */
const CHECKPOINT_INTERVAL = 20;

/** One Delta table: its newest known state, and commits to it. */
export class DeltaTable {
  readonly root: string;
  readonly #around: DeltaSurroundings;
  readonly #state: TableState;

  private constructor(root: string, around: DeltaSurroundings, state: TableState) {
    this.root = root;
    this.#around = around;
    this.#state = state;
  }

  /** The table under `root` (no slash at either end), or null. @throws LAKE_LOG_CORRUPT, LAKE_PROTOCOL_UNSUPPORTED */
  static async open(root: string, around: DeltaSurroundings): Promise<DeltaTable | null> {
    const state = await loadState(around.store, root, around.codec ?? checkpointCodec);
    if (state === null) return null;
    checkReadable(state.protocol, root);
    return new DeltaTable(root, around, state);
  }

  /** Creates version 0; when another writer was first, opens what it created. */
  static async create(
    root: string,
    definition: TableDefinition,
    around: DeltaSurroundings,
  ): Promise<DeltaTable> {
    const metaData: Metadata = {
      id: around.newId(),
      ...(definition.name === undefined ? {} : { name: definition.name }),
      format: { provider: 'parquet', options: {} },
      schemaString: schemaString(definition.schema),
      partitionColumns: definition.partitionColumns ?? [],
      configuration: definition.configuration ?? {},
      createdTime: around.nowMs(),
    };
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
      return existing;
    }
    return new DeltaTable(root, around, state);
  }

  get state(): TableState {
    return this.#state;
  }

  /** Reads the commits that others made since. @returns how many */
  async refresh(): Promise<number> {
    const applied = await refreshState(this.#around.store, this.root, this.#state);
    if (applied > 0) checkReadable(this.#state.protocol, this.root);
    return applied;
  }

  /**
   * Makes the actions the table's next version. Data files must be uploaded before: a crash in between leaves
   * objects that no version names. @returns the version @throws LAKE_FENCED, LAKE_COMMIT_CONFLICT
   */
  async commit(request: CommitRequest): Promise<number> {
    checkWritable(this.#state.protocol, this.root);
    checkAppendOnly(this.root, this.#state.metadata, request.actions);
    checkVectors(this.root, this.#state, request.actions);
    const blind = request.reads === undefined && request.actions.every((action) => !('remove' in action));
    const info = commitInfo(this.#around, request, blind);
    const version = await commitActions(this.#around.store, this.root, this.#state, {
      actions: [{ commitInfo: info }, ...request.actions],
      txnId: info.txnId as string,
      reads: request.reads ?? READ_NOTHING,
      isolation: request.isolation ?? 'write-serializable',
    });
    if (version > 0 && version % this.#checkpointInterval() === 0) await this.checkpoint();
    return version;
  }

  /** Writes a checkpoint of the known version. Overwriting one of the same version is harmless: its content is the same. */
  async checkpoint(): Promise<void> {
    const { store, nowMs, codec } = this.#around;
    const version = this.#state.version;
    const actions = this.#state.checkpointActions(nowMs());
    const bytes = (codec ?? checkpointCodec).encode(actions);
    await store.put(checkpointKey(this.root, version), bytes);
    const hint = {
      version,
      size: actions.length,
      sizeInBytes: bytes.byteLength,
      numOfAddFiles: this.#state.files.size,
    };
    await store.put(lastCheckpointKey(this.root), Buffer.from(JSON.stringify(hint)));
  }

  #checkpointInterval(): number {
    const configured = Number(this.#state.metadata.configuration['delta.checkpointInterval']);
    return Number.isSafeInteger(configured) && configured > 0 ? configured : CHECKPOINT_INTERVAL;
  }
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
