/** What the log needs of an object store; any adapter of @hasivu/object-store fits. */
export interface LogStore {
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, body: Uint8Array): Promise<void>;
  /** Creates only; false when the key is taken, possibly by an earlier try of the same request. */
  putIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  list(prefix: string, startAfter?: string): AsyncIterable<{ readonly key: string }>;
}
