/** Place of a change in its source. */
export interface ChangePosition {
  readonly lsn: bigint;
  readonly seq: number;
}

/** A place in halves, to be held against a reader's: nothing is made per row. */
export interface PlaceHalves {
  lsnHi: number;
  lsnLo: number;
  seq: number;
}

/** The change that a reader has read, as far as its place goes. */
export interface ReadPlace {
  readonly commitLsnHi: number;
  readonly commitLsnLo: number;
  readonly seq: number;
}

export function isAfter(left: ChangePosition, right: ChangePosition): boolean {
  return left.lsn !== right.lsn ? left.lsn > right.lsn : left.seq > right.seq;
}

export function halvesOf({ lsn, seq }: ChangePosition): PlaceHalves {
  return { lsnHi: Number(lsn >> 32n), lsnLo: Number(lsn & 0xffff_ffffn), seq };
}

/** Below 0 where the change that was read stands before the place, above 0 where it stands after it. */
export function comparePlaces(read: ReadPlace, place: PlaceHalves): number {
  return read.commitLsnHi - place.lsnHi || (read.commitLsnLo >>> 0) - place.lsnLo || read.seq - place.seq;
}
