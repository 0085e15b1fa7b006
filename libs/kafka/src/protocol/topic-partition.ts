export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition and the offset of the next record to read in it. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: bigint;
}

/** Requests nest partitions under their topic: `[['orders', [item, item]], …]`, in order of first appearance. */
export function groupByTopic<T extends TopicPartition>(items: readonly T[]): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group === undefined) groups.set(item.topic, [item]);
    else group.push(item);
  }
  return [...groups];
}

export interface PartitionResult extends TopicPartition {
  readonly errorCode: number;
}
