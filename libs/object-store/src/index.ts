export { countingStore } from './counting-store.ts';
export { createFolderStore } from './folder-store.ts';
export { mapS3Error } from './map-s3-error.ts';
export { MemoryStore } from './memory-store.ts';
export { openStore, placeUri, type StorePlace } from './open-store.ts';
export { probePutIfAbsent } from './probe.ts';
export { createS3Store, type S3StoreOptions } from './s3-store.ts';
export type { ByteRange, ObjectEntry, ObjectStore } from './store.ts';
