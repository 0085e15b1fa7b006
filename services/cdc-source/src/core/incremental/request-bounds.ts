/** How much of a progress record requests may take: one that does not fit ends the source, and so does every replay. */
export interface RequestBounds {
  /** Requests that may wait. */
  readonly queued: number;
  /** Bytes of what they ask for, all together. */
  readonly queueBytes: number;
  /** Bytes of the keys whose rows are owed. */
  readonly owedBytes: number;
}

export const REQUEST_BOUNDS: RequestBounds = {
  queued: 1_000,
  queueBytes: 512 * 1024,
  owedBytes: 256 * 1024,
};

/** @param recordBytes that a progress record may take, with what else is in it */
export function requestBounds(recordBytes: number): RequestBounds {
  const share = Math.floor(recordBytes / 4);
  const { queued, queueBytes, owedBytes } = REQUEST_BOUNDS;
  return { queued, queueBytes: Math.min(queueBytes, share), owedBytes: Math.min(owedBytes, share) };
}
