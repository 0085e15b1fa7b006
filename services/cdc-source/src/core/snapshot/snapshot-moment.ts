import type { Lsn, SourceMoment } from '@hasivu/change-events';

/** The moment that every row of a snapshot shares, but for its `seq`. */
export function snapshotMoment(lsn: Lsn, nowMs: number): SourceMoment {
  const hi = Number(BigInt.asIntN(32, lsn >> 32n));
  const lo = Number(lsn & 0xffffffffn);
  return {
    commitTsMs: nowMs,
    snapshot: 'true',
    txId: -1,
    lsnHi: hi,
    lsnLo: lo,
    commitLsnHi: hi,
    commitLsnLo: lo,
    seq: 0,
  };
}
