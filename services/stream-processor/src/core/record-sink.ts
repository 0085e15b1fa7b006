/** Header names and values of a record. */
export type Headers = readonly (readonly [string, Buffer | string])[];

/** Where finished records go: copies the bytes, never waits. A transactional producer has this shape. */
export interface RecordSink {
  append(
    topic: string,
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers?: Headers,
  ): void;
}

/** The record that is being processed, in place in the fetched bytes. A record cursor has this shape. */
export interface SourceRecord {
  readonly buffer: Buffer;
  /** -1 for a null key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** -1 for a tombstone. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly timestampMs: number;
  readonly offset: bigint;
  headers(): ReadonlyMap<string, Buffer>;
}
