/** A share for what comes in stays however late it is warned: a sink waits a flush below the capacity, not at it. */
const MAX_SHARE = 0.95;

/**
 * Bytes of the lake up to which files are rewritten. A rewrite adds what it reads until a vacuum takes what it replaced, which is
 * days later: one that filled the lake would stop what comes in for as long. Above it the lake counts as full for whoever frees room.
 */
export function rewriteLimit(capacity: { readonly maxBytes: number; readonly warnAtRatio: number }): number {
  const share = Math.min(capacity.warnAtRatio, MAX_SHARE);
  return capacity.maxBytes === Infinity ? Infinity : Math.floor(share * capacity.maxBytes);
}
