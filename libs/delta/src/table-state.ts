import type { Action, AddFile, Metadata, Protocol, RemoveFile, Txn } from './actions.ts';
import { ColumnMapping } from './column-mapping/column-mapping.ts';
import { vectorId } from './deletion-vector/vector-location.ts';
import { parseSchema, type DeltaStruct } from './schema.ts';
import { tombstoneRetentionMs } from './table-properties.ts';

/** The table as of one version, advanced in place by the commits that follow. Owned by one DeltaTable. */
export class TableState {
  #version = -1;
  #protocol: Protocol | null = null;
  #metadata: Metadata | null = null;
  #schema: DeltaStruct | null = null;
  #columns: ColumnMapping | null = null;
  readonly #files = new Map<string, AddFile>();
  /** By logical file; those of files that live on with another vector by the old vector's object. */
  readonly #tombstones = new Map<string, RemoveFile>();
  readonly #txns = new Map<string, Txn>();
  readonly #domains = new Map<string, Action>();

  get version(): number {
    return this.#version;
  }

  get protocol(): Protocol {
    if (this.#protocol === null) throw new TypeError('a table without a protocol action');
    return this.#protocol;
  }

  get metadata(): Metadata {
    if (this.#metadata === null) throw new TypeError('a table without a metaData action');
    return this.#metadata;
  }

  get schema(): DeltaStruct {
    this.#schema ??= parseSchema(this.metadata.schemaString);
    return this.#schema;
  }

  /** How the files, their statistics and partition values name the columns. */
  get columns(): ColumnMapping {
    this.#columns ??= ColumnMapping.of(this.schema, this.metadata.configuration);
    return this.#columns;
  }

  /** Live files by path. */
  get files(): ReadonlyMap<string, AddFile> {
    return this.#files;
  }

  /** Removals that checkpoints still name: what vacuum may not delete yet, and what it may. */
  get tombstones(): Iterable<RemoveFile> {
    return this.#tombstones.values();
  }

  get tombstoneCount(): number {
    return this.#tombstones.size;
  }

  get txns(): ReadonlyMap<string, Txn> {
    return this.#txns;
  }

  get isComplete(): boolean {
    return this.#protocol !== null && this.#metadata !== null;
  }

  apply(version: number, actions: readonly Action[]): void {
    for (const action of actions) {
      if ('remove' in action) this.#remove(action.remove);
    }
    for (const action of actions) {
      if ('add' in action) {
        this.#files.set(action.add.path, action.add);
        this.#tombstones.delete(logicalFile(action.add));
      } else if ('txn' in action) this.#txns.set(action.txn.appId, action.txn);
      else if ('protocol' in action) this.#protocol = action.protocol;
      else if ('metaData' in action) {
        this.#metadata = action.metaData;
        this.#schema = null;
        this.#columns = null;
      } else if ('domainMetadata' in action) this.#domain(action);
    }
    for (const action of actions) if ('remove' in action) this.#forgetSuperseded(action.remove);
    this.#version = version;
  }

  /** Becomes what another state is, for a holder whose log was cleaned up past what it knew. */
  replaceBy(other: TableState): void {
    for (const known of [this.#files, this.#tombstones, this.#txns, this.#domains]) known.clear();
    for (const [path, file] of other.#files) this.#files.set(path, file);
    for (const [path, remove] of other.#tombstones) this.#tombstones.set(path, remove);
    for (const [appId, txn] of other.#txns) this.#txns.set(appId, txn);
    for (const [domain, action] of other.#domains) this.#domains.set(domain, action);
    this.#protocol = other.#protocol;
    this.#metadata = other.#metadata;
    this.#schema = null;
    this.#columns = null;
    this.#version = other.#version;
  }

  /** Actions of a checkpoint of this version: the reconciled state, expired tombstones left out. */
  checkpointActions(nowMs: number): Action[] {
    const actions: Action[] = [{ protocol: this.protocol }, { metaData: this.metadata }];
    for (const txn of this.#txns.values()) actions.push({ txn });
    actions.push(...this.#domains.values());
    for (const add of this.#files.values())
      actions.push({ add: add.dataChange ? { ...add, dataChange: false } : add });
    const keptFromMs = nowMs - tombstoneRetentionMs(this.metadata.configuration);
    for (const [file, remove] of this.#tombstones) {
      if ((remove.deletionTimestamp ?? 0) >= keptFromMs)
        actions.push({ remove: { ...remove, dataChange: false } });
      else this.#tombstones.delete(file);
    }
    return actions;
  }

  #remove(remove: RemoveFile): void {
    const live = this.#files.get(remove.path);
    // The same data file with another vector is another logical file: it stays.
    if (live !== undefined && vectorId(live.deletionVector) === vectorId(remove.deletionVector))
      this.#files.delete(remove.path);
    this.#tombstones.set(logicalFile(remove), remove);
  }

  /**
   * Of a file that goes on with another vector, vacuum has nothing to keep but the old vector's object, which many files
   * share. A table whose rows are marked every second would otherwise have as many tombstones as files in every checkpoint, for
   * seven days.
   */
  #forgetSuperseded(remove: RemoveFile): void {
    if (!this.#files.has(remove.path)) return;
    this.#tombstones.delete(logicalFile(remove));
    const { deletionVector } = remove;
    if (deletionVector !== undefined && deletionVector.storageType !== 'i')
      this.#tombstones.set(` ${deletionVector.pathOrInlineDv}`, remove);
  }

  #domain(action: Extract<Action, { domainMetadata: unknown }>): void {
    const { domain, removed } = action.domainMetadata;
    if (removed) this.#domains.delete(domain);
    else this.#domains.set(domain, action);
  }
}

/** What reconciliation tells files by: the path and the vector. A path is a URI, so it holds no space. */
function logicalFile({ path, deletionVector }: AddFile | RemoveFile): string {
  return deletionVector === undefined ? path : `${path} ${vectorId(deletionVector)}`;
}
