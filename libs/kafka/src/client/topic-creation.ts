import { PlatformError } from '@hasivu/errors';
import { createTopicsApi, type CreateTopicResult, type NewTopic } from '../protocol/create-topics.ts';
import { describeConfigsApi, type TopicConfigs } from '../protocol/describe-configs.ts';
import { isForbidden, isRetriable, KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.ts';
import type { TopicMetadata } from '../protocol/metadata.ts';
import { responseError } from './kafka-error.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { RetriableResponse } from './retry.ts';
import { RECORD_LIMIT, topicDifferences, type ResolvedSettings } from './topic-settings.ts';

export interface TopicRequest {
  readonly topic: string;
  /** Default: what `kafka.topics` says of this topic. */
  readonly partitions?: number | undefined;
  /** Keep the last record of each key (cleanup.policy=compact). */
  readonly compact?: boolean | undefined;
  /** Further topic settings, by Kafka's names; they go before those of `kafka.topics`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

const CREATE_TIMEOUT_MS = 30_000;
const NO_CONFIGS: TopicConfigs['configs'] = new Map();

/**
 * Existing topics are left as they are; where one has fewer partitions or other settings than asked for, a warning says
 * so. Idempotent and safe to race.
 */
export async function createMissingTopics(
  cluster: KafkaCluster,
  requests: readonly TopicRequest[],
  settingsOf: (topic: string) => ResolvedSettings,
  recordLimits: Map<string, number>,
): Promise<void> {
  const names = requests.map((one) => one.topic);
  if (names.length === 0) return;
  const doing = `creating topics (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''})`;
  const wanted = requests.map((one) => toNewTopic(one, settingsOf(one.topic)));
  let existing: NewTopic[] = [];
  await cluster.retrying(doing, async () => {
    await cluster.refreshMetadata(names);
    existing = wanted.filter((one) => cluster.metadata.topic(one.topic) !== undefined);
    const missing = wanted.filter((one) => cluster.metadata.topic(one.topic) === undefined);
    if (missing.length > 0) {
      const link = await cluster.linkTo(cluster.metadata.controllerId);
      const results = await link.send(
        createTopicsApi,
        { topics: missing, timeoutMs: CREATE_TIMEOUT_MS },
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
  for (const { topic, config } of wanted) noteLimit(recordLimits, topic, config[RECORD_LIMIT]);
  await warnOfDifferences(cluster, existing, recordLimits);
}

function noteLimit(limits: Map<string, number>, topic: string, value: string | null | undefined): void {
  if (typeof value === 'string' && /^\d+$/.test(value)) limits.set(topic, Number(value));
}

function toNewTopic(request: TopicRequest, settings: ResolvedSettings): NewTopic {
  return {
    topic: request.topic,
    partitions: request.partitions ?? settings.partitions,
    replicationFactor: settings.replicationFactor,
    config: {
      ...settings.config,
      ...(request.compact === true ? { 'cleanup.policy': 'compact' } : {}),
      ...request.config,
    },
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

async function warnOfDifferences(
  cluster: KafkaCluster,
  wanted: readonly NewTopic[],
  recordLimits: Map<string, number>,
): Promise<void> {
  const described = await describeConfigs(cluster, wanted);
  for (const one of wanted) {
    const topic = cluster.metadata.topic(one.topic);
    if (topic === undefined) continue;
    noteLimit(recordLimits, one.topic, described.get(one.topic)?.get(RECORD_LIMIT));
    const differences = topicDifferences(one, {
      partitions: topic.partitions.length,
      replicationFactor: replicasOf(topic),
      config: described.get(one.topic) ?? NO_CONFIGS,
    });
    if (differences.length > 0)
      cluster.logger.warn(
        { topic: one.topic, differences },
        `the topic ${one.topic} is left as it is, though it has ${differences.join('; ')}`,
      );
  }
}

function replicasOf(topic: TopicMetadata): number {
  return Math.min(...topic.partitions.map((partition) => partition.replicas));
}

/** Settings by topic; a topic whose settings this user may not read is left out, with a warning. */
async function describeConfigs(
  cluster: KafkaCluster,
  wanted: readonly NewTopic[],
): Promise<Map<string, TopicConfigs['configs']>> {
  const asked = wanted
    .map(({ topic, config }) => ({ topic, names: Object.keys(config) }))
    .filter(({ names }) => names.length > 0);
  if (asked.length === 0) return new Map();
  const answers = await cluster.retrying('reading the settings of topics', async () => {
    const link = await cluster.anyLink();
    return link.send(describeConfigsApi, asked);
  });
  const unread = answers.filter((one) => one.errorCode !== 0);
  if (unread.length > 0)
    cluster.logger.warn(
      { topics: unread.map((one) => one.topic), kafkaError: kafkaErrorName(unread[0]?.errorCode ?? 0) },
      'the settings of existing topics cannot be read: they are not compared with kafka.topics',
    );
  return new Map(answers.filter((one) => one.errorCode === 0).map(({ topic, configs }) => [topic, configs]));
}
