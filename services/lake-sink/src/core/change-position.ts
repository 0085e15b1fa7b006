/** Place of a change in its source. */
export interface ChangePosition {
  readonly lsn: bigint;
  readonly seq: number;
}

export function isAfter(left: ChangePosition, right: ChangePosition): boolean {
  return left.lsn !== right.lsn ? left.lsn > right.lsn : left.seq > right.seq;
}
