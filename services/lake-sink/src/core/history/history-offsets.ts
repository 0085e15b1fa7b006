/** Last offset per Kafka partition. */
export type Offsets = ReadonlyMap<number, number>;

/** Offsets that cut what lies between the two in half; null when that is a single record or none. */
export function halfway(after: Offsets, upTo: Offsets): Offsets | null {
  const middle = new Map<number, number>();
  let records = 0;
  for (const [partition, last] of upTo) {
    const first = after.get(partition) ?? -1;
    records += Math.max(0, last - first);
    if (last - first > 1) middle.set(partition, first + ((last - first) >> 1));
  }
  if (middle.size > 0) return middle;
  // A record per partition: one partition goes first.
  const one = [...upTo].find(([partition, last]) => last > (after.get(partition) ?? -1));
  return records > 1 && one !== undefined ? new Map([one]) : null;
}
