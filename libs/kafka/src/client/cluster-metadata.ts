import type {
  BrokerAddress,
  MetadataResponse,
  PartitionMetadata,
  TopicMetadata,
} from '../protocol/metadata.ts';

/** What the last metadata responses said. Pure state: the cluster decides when to ask again. */
export class ClusterMetadata {
  readonly #nodes = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, TopicMetadata>();
  #controllerId = -1;

  update(response: MetadataResponse): void {
    this.#nodes.clear();
    for (const broker of response.brokers) this.#nodes.set(broker.nodeId, broker);
    this.#controllerId = response.controllerId;
    for (const topic of response.topics) {
      if (topic.errorCode === 0 || topic.partitions.length > 0) this.#topics.set(topic.topic, topic);
      else this.#topics.delete(topic.topic);
    }
  }

  get nodes(): Iterable<BrokerAddress> {
    return this.#nodes.values();
  }

  get controllerId(): number {
    return this.#controllerId;
  }

  node(nodeId: number): BrokerAddress | undefined {
    return this.#nodes.get(nodeId);
  }

  topic(topic: string): TopicMetadata | undefined {
    return this.#topics.get(topic);
  }

  /** Node id of the leader, or -1 where it is not known. */
  leaderOf(topic: string, partition: number): number {
    const partitions = this.#topics.get(topic)?.partitions;
    if (partitions === undefined) return -1;
    // The response lists partitions in order more often than not.
    const guess: PartitionMetadata | undefined = partitions[partition];
    const found =
      guess?.partition === partition ? guess : partitions.find((one) => one.partition === partition);
    return found?.leader ?? -1;
  }
}
