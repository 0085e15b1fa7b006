import type { RecordHeaders } from './event-writer.ts';

/** Where events go: the open Kafka transaction. `append` copies the bytes and returns at once. */
export interface EventSink {
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
    headers?: RecordHeaders,
  ): void;
}
