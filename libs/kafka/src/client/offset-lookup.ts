import { PlatformError } from '@hasivu/errors';
import { isRetriable, KAFKA_ERROR } from '../protocol/error-codes.ts';
import type { Isolation } from '../protocol/fetch.ts';
import { listOffsetsApi } from '../protocol/list-offsets.ts';
import { responseError } from './kafka-error.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { RetriableResponse } from './retry.ts';

/** By partition, one offset of a topic: of a timestamp (milliseconds) or of one of the two ends. */
export async function lookUpOffsets(
  cluster: KafkaCluster,
  topic: string,
  timestamp: bigint,
  isolation: Isolation,
): Promise<Map<number, bigint>> {
  const partitions = await cluster.partitionsOf(topic);
  const doing = `looking up offsets of the topic "${topic}"`;
  const lookUp = async (partition: number): Promise<[number, bigint]> => [
    partition,
    await cluster.retrying(doing, () => lookUpOffset(cluster, topic, partition, timestamp, isolation)),
  ];
  return new Map(await Promise.all(Array.from({ length: partitions }, (_, partition) => lookUp(partition))));
}

/** One attempt for one partition; throws RetriableResponse or BrokerLostError where another may succeed. */
export async function lookUpOffset(
  cluster: KafkaCluster,
  topic: string,
  partition: number,
  timestamp: bigint,
  isolation: Isolation,
): Promise<bigint> {
  const doing = `looking up an offset of "${topic}" partition ${partition}`;
  let leader = cluster.metadata.leaderOf(topic, partition);
  if (leader < 0) {
    await cluster.refreshMetadata([topic]);
    leader = cluster.metadata.leaderOf(topic, partition);
    if (leader < 0) {
      const isMissing = cluster.metadata.topic(topic) === undefined;
      throw new RetriableResponse(
        isMissing ? KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION : KAFKA_ERROR.LEADER_NOT_AVAILABLE,
      );
    }
  }
  let answered = false;
  try {
    const link = await cluster.linkTo(leader);
    const results = await link.send(listOffsetsApi, {
      isolation,
      partitions: [{ topic, partition, timestamp }],
    });
    const [result] = results;
    if (result === undefined)
      throw new PlatformError('KAFKA_REQUEST_FAILED', { doing, why: 'the answer is empty' });
    answered = result.errorCode === 0;
    if (answered) return result.offset;
    if (isRetriable(result.errorCode)) throw new RetriableResponse(result.errorCode);
    throw responseError(result.errorCode, doing);
  } finally {
    if (!answered) await cluster.refreshMetadata([topic]).catch(() => undefined);
  }
}
