import type { Compression } from '../records/codec.ts';

const DEFAULT_BATCH_BYTES = 1_000_000;

export interface ProducerOptions {
  /** Largest batch with its header, before compression. Must not exceed max.message.bytes of the topics. Default 1,000,000. */
  readonly maxBatchBytes?: number;
  /**
   * Largest record, with the header of the batch that it then has for itself, before compression; at least
   * `maxBatchBytes`. Must not exceed max.message.bytes of the topics. Default: that of the cluster's configuration.
   */
  readonly maxRecordBytes?: number;
  /** Default: that of the cluster's configuration. */
  readonly compression?: Compression;
  /** How long a record may wait for its acknowledgement, retries included. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
}

/** Every option, from what was given and what the cluster is configured with. */
export function completeProducerOptions(
  given: ProducerOptions,
  cluster: { readonly compression: Compression; readonly maxRecordBytes?: number | undefined },
): Required<ProducerOptions> {
  const { maxBatchBytes = DEFAULT_BATCH_BYTES } = given;
  return {
    deliveryTimeoutMs: 120_000,
    compression: cluster.compression,
    ...given,
    maxBatchBytes,
    maxRecordBytes: Math.max(maxBatchBytes, given.maxRecordBytes ?? cluster.maxRecordBytes ?? 0),
  };
}
