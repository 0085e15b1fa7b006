import type { LogObject, LogStore } from '@hasivu/delta';

/** An object of a listing, with the class that it is stored in; absent where the store does not say. */
export interface StoredObject extends LogObject {
  readonly storageClass?: string | undefined;
}

/** What maintenance needs of an object store: @hasivu/object-store has it. */
export interface LakeStore extends LogStore {
  list(prefix: string, startAfter?: string): AsyncIterable<StoredObject>;
  /** Creates or replaces an object by a local file, a part at a time. */
  putFile(key: string, path: string): Promise<void>;
  /** Writes an object to a local file, a part at a time; false when there is no such object. */
  getFile(key: string, path: string): Promise<boolean>;
  /** Names of the folders right under a prefix that ends with `/`, or is empty. */
  folders(prefix: string): AsyncIterable<string>;
  /** Moves an object to another storage class, where it stays readable under its key. */
  setStorageClass(key: string, storageClass: string): Promise<void>;
}
