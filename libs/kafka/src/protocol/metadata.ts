import type { KafkaApi } from './api.ts';

export interface BrokerAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface PartitionMetadata {
  readonly partition: number;
  readonly errorCode: number;
  /** Node id of the leader, or -1 while there is none. */
  readonly leader: number;
  /** Number of replicas, in sync or not. */
  readonly replicas: number;
}

export interface TopicMetadata {
  readonly topic: string;
  readonly errorCode: number;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataResponse {
  readonly brokers: readonly BrokerAddress[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/** Who leads which partition. `topics: null` asks for all topics. Never creates a topic. */
export const metadataApi: KafkaApi<{ readonly topics: readonly string[] | null }, MetadataResponse> = {
  key: 3,
  version: 5,
  name: 'Metadata',
  flexible: false,
  encode(out, { topics }) {
    if (topics === null) out.int32(-1);
    else out.array(topics, (topic) => out.string(topic));
    out.bool(false);
  },
  decode(input) {
    input.int32(); // throttle time: the broker enforces it by itself
    const brokers = input.array(() => {
      const nodeId = input.int32();
      const host = input.string();
      const port = input.int32();
      input.nullableString(); // rack
      return { nodeId, host, port };
    });
    input.nullableString(); // cluster id
    const controllerId = input.int32();
    const topics = input.array(() => {
      const errorCode = input.int16();
      const topic = input.string();
      const isInternal = input.bool();
      const partitions = input.array(() => {
        const partitionError = input.int16();
        const partition = input.int32();
        const leader = input.int32();
        const replicas = input.array(() => input.int32()).length;
        input.array(() => input.int32()); // in-sync replicas
        input.array(() => input.int32()); // offline replicas
        return { partition, errorCode: partitionError, leader, replicas };
      });
      return { topic, errorCode, isInternal, partitions };
    });
    return { brokers, controllerId, topics };
  },
};
