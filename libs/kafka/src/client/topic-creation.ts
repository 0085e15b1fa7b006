import { PlatformError } from '@hasivu/errors';
import { createTopicsApi, type CreateTopicResult, type NewTopic } from '../protocol/create-topics.ts';
import { isForbidden, isRetriable, KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.ts';
import { responseError } from './kafka-error.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { RetriableResponse } from './retry.ts';

export interface TopicRequest {
  readonly topic: string;
  /** Default: `kafka.topics.partitions`. */
  readonly partitions?: number | undefined;
  /** Keep the last record of each key (cleanup.policy=compact). */
  readonly compact?: boolean | undefined;
  /** Further topic settings, by Kafka's names. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

export interface TopicDefaults {
  readonly partitions: number;
  readonly replicationFactor: number;
}

const CREATE_TIMEOUT_MS = 30_000;

/** Existing topics are left as they are, whatever their settings. Idempotent and safe to race. */
export async function createMissingTopics(
  cluster: KafkaCluster,
  requests: readonly TopicRequest[],
  defaults: TopicDefaults,
): Promise<void> {
  const names = requests.map((one) => one.topic);
  if (names.length === 0) return;
  const doing = `creating topics (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
  await cluster.retrying(doing, async () => {
    await cluster.refreshMetadata(names);
    const missing = requests.filter((one) => cluster.metadata.topic(one.topic) === undefined);
    if (missing.length > 0) {
      const link = await cluster.linkTo(cluster.metadata.controllerId);
      const results = await link.send(
        createTopicsApi,
        { topics: missing.map((one) => toNewTopic(one, defaults)), timeoutMs: CREATE_TIMEOUT_MS },
        CREATE_TIMEOUT_MS * 2,
      );
      for (const result of results) checkCreated(result);
      await cluster.refreshMetadata(names);
    }
    for (const topic of names) {
      const partitions = cluster.metadata.topic(topic)?.partitions ?? [];
      if (partitions.length === 0 || partitions.some((one) => one.leader < 0)) {
        throw new RetriableResponse(KAFKA_ERROR.LEADER_NOT_AVAILABLE);
      }
    }
  });
}

function toNewTopic(request: TopicRequest, defaults: TopicDefaults): NewTopic {
  return {
    topic: request.topic,
    partitions: request.partitions ?? defaults.partitions,
    replicationFactor: defaults.replicationFactor,
    config: { ...(request.compact === true ? { 'cleanup.policy': 'compact' } : {}), ...request.config },
  };
}

function checkCreated({ topic, errorCode, message }: CreateTopicResult): void {
  if (errorCode === 0 || errorCode === KAFKA_ERROR.TOPIC_ALREADY_EXISTS) return;
  if (isRetriable(errorCode)) throw new RetriableResponse(errorCode);
  const doing = `creating the topic "${topic}"`;
  if (isForbidden(errorCode)) throw responseError(errorCode, doing, message);
  throw new PlatformError('KAFKA_TOPIC_INVALID', {
    doing,
    why: message ?? kafkaErrorName(errorCode),
    context: { topic, kafkaError: kafkaErrorName(errorCode) },
  });
}
