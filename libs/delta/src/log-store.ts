/** One object of a listing. */
export interface LogObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the store's clock: the time of a commit, and the age of a data file. */
  readonly modifiedMs: number;
}

/** What a table needs of an object store; any adapter of @hasivu/object-store fits. */
export interface LogStore {
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, body: Uint8Array): Promise<void>;
  /** Creates only; false when the key is taken, possibly by an earlier try of the same request. */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** In ascending byte order of the keys, page by page as they are asked for. */
  list(prefix: string, startAfter?: string): AsyncIterable<LogObject>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
}
