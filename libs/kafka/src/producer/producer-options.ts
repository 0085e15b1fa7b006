import type { Compression } from '../records/codec.ts';

export interface ProducerOptions {
  /** Largest batch with its header, before compression. Must not exceed max.message.bytes of the topics. Default 1,000,000. */
  readonly maxBatchBytes?: number;
  /** Default: that of the cluster's configuration. */
  readonly compression?: Compression;
  /** How long a record may wait for its acknowledgement, retries included. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
}

/** Every option, from what was given and what the cluster is configured with. */
export function completeProducerOptions(
  given: ProducerOptions,
  cluster: { readonly compression: Compression },
): Required<ProducerOptions> {
  return { maxBatchBytes: 1_000_000, deliveryTimeoutMs: 120_000, compression: cluster.compression, ...given };
}
