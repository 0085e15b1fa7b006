/** What a listing says about one object. */
export interface ObjectEntry {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** The class that the store keeps it in, by the store's own name; absent where it does not say, which is its usual one. */
  readonly storageClass?: string | undefined;
}

/** Half-open byte range [start, end) of an object. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The port every table format here is written against. Keys are UTF-8 paths with `/`, no leading slash.
 * Every method throws a `STORE_*` PlatformError; a missing object is a value (`null`), not an error.
 */
export interface ObjectStore {
  /** The object's bytes, or those of the range; null when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Uint8Array | null>;
  head(key: string): Promise<ObjectEntry | null>;
  /** Creates or replaces. */
  put(key: string, body: Uint8Array): Promise<void>;
  /**
   * Creates, and only creates: false when the key is taken. A request that timed out after the store had
   * accepted it makes the retry answer false for our own write, so a caller that must know compares what is
   * stored with what it wrote.
   */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** Objects under the prefix in ascending byte order of their keys, those after `startAfter` if given. */
  list(prefix: string, startAfter?: string): AsyncIterable<ObjectEntry>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Creates or replaces an object by a local file, a part at a time: memory does not grow with the file. */
  putFile(key: string, path: string): Promise<void>;
  /** Writes an object to a local file, a part at a time; false when there is no such object. The object must not change meanwhile. */
  getFile(key: string, path: string): Promise<boolean>;
  /** Names of the folders right under a prefix, which ends with `/` or is empty, in ascending order. */
  folders(prefix: string): AsyncIterable<string>;
  /** Moves an object to another storage class in place: key, bytes and readers stay. */
  setStorageClass(key: string, storageClass: string): Promise<void>;
  /** Frees sockets. */
  close(): void;
}
