/** Next offsets of what the open transaction has processed, by topic and partition. */
export class OffsetLedger {
  readonly #next = new Map<string, Map<number, bigint>>();

  /** Everything of the partition below `offset` is processed. */
  processed(topic: string, partition: number, offset: bigint): void {
    let partitions = this.#next.get(topic);
    if (!partitions) this.#next.set(topic, (partitions = new Map<number, bigint>()));
    partitions.set(partition, offset);
  }

  /** Takes what was processed since the last call: what the transaction has to commit. */
  take(): { topic: string; partition: number; offset: bigint }[] {
    const offsets = [...this.#next].flatMap(([topic, partitions]) =>
      [...partitions].map(([partition, offset]) => ({ topic, partition, offset })),
    );
    this.#next.clear();
    return offsets;
  }
}
