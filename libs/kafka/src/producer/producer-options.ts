import type { Compression } from '../records/codec.ts';

export interface ProducerOptions {
  /** Largest batch with its header, before compression. Must not exceed max.message.bytes of the topics. Default 1,000,000. */
  readonly maxBatchBytes?: number;
  /** Default none. */
  readonly compression?: Compression;
  /** How long a record may wait for its acknowledgement, retries included. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
}

export const PRODUCER_DEFAULTS = {
  maxBatchBytes: 1_000_000,
  compression: 'none',
  deliveryTimeoutMs: 120_000,
} as const satisfies Required<ProducerOptions>;
