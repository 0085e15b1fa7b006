/** Actions of Delta's log, field for field as PROTOCOL.md names them. */
export interface Protocol {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[];
  readonly writerFeatures?: readonly string[];
}

export interface Metadata {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly format: { readonly provider: string; readonly options: Readonly<Record<string, string>> };
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdTime?: number;
}

export type PartitionValues = Readonly<Record<string, string | null>>;

export interface DeletionVector {
  readonly storageType: string;
  readonly pathOrInlineDv: string;
  readonly offset?: number;
  readonly sizeInBytes: number;
  readonly cardinality: number;
}

export interface AddFile {
  /** URI-encoded, relative to the table root. */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** JSON text, see {@link FileStatistics}. */
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly deletionVector?: DeletionVector;
}

export interface RemoveFile {
  readonly path: string;
  readonly deletionTimestamp?: number;
  readonly dataChange: boolean;
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: PartitionValues;
  readonly size?: number;
  readonly deletionVector?: DeletionVector;
}

/** A file of `_change_data`: the rows that its commit changed, each with what happened to it. Readers of the table pass it over. */
export interface CdcFile {
  /** URI-encoded, relative to the table root. */
  readonly path: string;
  readonly partitionValues: PartitionValues;
  readonly size: number;
  readonly dataChange: false;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The last version of an application's own sequence that the commit contains. */
export interface Txn {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

export interface CommitInfo {
  readonly timestamp: number;
  readonly operation: string;
  readonly operationParameters?: Readonly<Record<string, string>>;
  readonly operationMetrics?: Readonly<Record<string, string>>;
  readonly engineInfo?: string;
  readonly isBlindAppend?: boolean;
  /** Unique per commit attempt: tells our own commit from a rival's after a request that may have won. */
  readonly txnId?: string;
  /** Of tables whose commits carry times of their own; milliseconds since 1970. */
  readonly inCommitTimestamp?: number;
}

export type Action =
  | { readonly protocol: Protocol }
  | { readonly metaData: Metadata }
  | { readonly add: AddFile }
  | { readonly remove: RemoveFile }
  | { readonly cdc: CdcFile }
  | { readonly txn: Txn }
  | {
      readonly domainMetadata: {
        readonly domain: string;
        readonly configuration: string;
        readonly removed: boolean;
      };
    }
  | { readonly commitInfo: CommitInfo };

/** Removal of a file as readers and vacuum need it: with its size, partition and deletion vector. */
export function removalOf(
  file: AddFile,
  deletionTimestamp: number,
  dataChange = true,
): { remove: RemoveFile } {
  return {
    remove: {
      path: file.path,
      deletionTimestamp,
      dataChange,
      extendedFileMetadata: true,
      partitionValues: file.partitionValues,
      size: file.size,
      ...(file.deletionVector === undefined ? {} : { deletionVector: file.deletionVector }),
    },
  };
}

export function serializeCommit(actions: readonly Action[]): Uint8Array {
  return Buffer.from(actions.map((action) => JSON.stringify(action)).join('\n') + '\n');
}

/** Actions of one commit file; kinds this reader does not know are left out, as the protocol asks. */
export function parseCommit(bytes: Uint8Array): Action[] {
  const actions: Action[] = [];
  for (const line of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .split('\n')) {
    if (line.trim() !== '') actions.push(withoutNullVector(JSON.parse(line) as Action));
  }
  return actions;
}

/** Some writers say null where others say nothing: both mean that the file has no vector. */
function withoutNullVector(action: Action): Action {
  const file = ('add' in action ? action.add : 'remove' in action ? action.remove : {}) as {
    deletionVector?: DeletionVector | null;
  };
  if (file.deletionVector === null) delete file.deletionVector;
  return action;
}
