export type { KafkaClientOptions, KafkaConnectionConfig, KafkaLogger } from './client/connection-options.ts';
export { committedOffsets, commitOffsets, type GroupOffsets } from './client/group-offsets.ts';
export { KafkaCluster } from './client/kafka-cluster.ts';
export type { TopicRequest } from './client/topic-creation.ts';
export { Fetcher, type FetcherOptions } from './fetch/fetcher.ts';
export type { FetchedBatch } from './fetch/fetched-batch.ts';
export type { Assignment, PartitionLag } from './fetch/partition-state.ts';
export { readLastByKey } from './fetch/read-last-by-key.ts';
export { readTopic } from './fetch/read-topic.ts';
export { GroupMember, type GroupMemberOptions, type GroupWork } from './group/group-member.ts';
export { IdempotentProducer } from './producer/idempotent-producer.ts';
export type { ProducerOptions } from './producer/producer-options.ts';
export {
  TransactionalProducer,
  type TransactionalProducerOptions,
} from './producer/transactional-producer.ts';
export type { Isolation } from './protocol/fetch.ts';
export type { GroupMemberMetadata } from './protocol/join-group.ts';
export type { TopicPartition, TopicPartitionOffset } from './protocol/topic-partition.ts';
export type { RecordHeaders } from './records/batch-builder.ts';
export type { Compression } from './records/codec.ts';
export { RecordCursor } from './records/record-cursor.ts';
export type { RegistryAuth } from './registry/registry-request.ts';
export { SchemaRegistry, type Compatibility, type RegistryOptions } from './registry/schema-registry.ts';
export { TopicKeys, type KeySchemaIds } from './registry/topic-keys.ts';
