import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { addOffsetsToTxnApi } from '../protocol/add-offsets-to-txn.ts';
import { addPartitionsToTxnApi } from '../protocol/add-partitions-to-txn.ts';
import { endTxnApi } from '../protocol/end-txn.ts';
import { initProducerIdApi, type ProducerIdentity } from '../protocol/init-producer-id.ts';
import type { TopicPartition, TopicPartitionOffset } from '../protocol/topic-partition.ts';
import { txnOffsetCommitApi } from '../protocol/txn-offset-commit.ts';

/** The calls of one transactional id to its coordinator. Stateless but for the identity. */
export class TransactionCoordinator {
  readonly transactionalId: string;
  readonly #cluster: KafkaCluster;
  readonly #transactionTimeoutMs: number;
  #identity: ProducerIdentity | null = null;

  constructor(cluster: KafkaCluster, transactionalId: string, transactionTimeoutMs: number) {
    this.#cluster = cluster;
    this.transactionalId = transactionalId;
    this.#transactionTimeoutMs = transactionTimeoutMs;
  }

  get identity(): ProducerIdentity {
    if (this.#identity === null) throw new Error('the producer id was not asked for yet');
    return this.#identity;
  }

  /**
   * Takes a new epoch: aborts the open transaction of this id and fences whoever held it. With an identity of our own
   * already, the broker refuses (KAFKA_FENCED) where someone else took over since.
   */
  async initialise(): Promise<ProducerIdentity> {
    const { transactionalId } = this;
    const answer = await this.#cluster.coordinatorRequest({
      kind: 'transaction',
      key: transactionalId,
      api: initProducerIdApi,
      request: { transactionalId, transactionTimeoutMs: this.#transactionTimeoutMs, current: this.#identity },
      codesOf: ({ errorCode }) => [errorCode],
      doing: `taking over the transactional id "${transactionalId}"`,
    });
    this.#identity = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    return this.#identity;
  }

  async addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    const { transactionalId } = this;
    await this.#cluster.coordinatorRequest({
      kind: 'transaction',
      key: transactionalId,
      api: addPartitionsToTxnApi,
      request: { transactionalId, ...this.identity, partitions },
      codesOf: (answer) => answer.map((one) => one.errorCode),
      doing: `adding partitions to the transaction of "${transactionalId}"`,
    });
  }

  async addGroup(groupId: string): Promise<void> {
    const { transactionalId } = this;
    await this.#cluster.coordinatorRequest({
      kind: 'transaction',
      key: transactionalId,
      api: addOffsetsToTxnApi,
      request: { transactionalId, ...this.identity, groupId },
      codesOf: ({ errorCode }) => [errorCode],
      doing: `adding the group "${groupId}" to the transaction of "${transactionalId}"`,
    });
  }

  async writeOffsets(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    const { transactionalId } = this;
    await this.#cluster.coordinatorRequest({
      kind: 'group',
      key: groupId,
      api: txnOffsetCommitApi,
      request: { transactionalId, groupId, ...this.identity, offsets },
      codesOf: (answer) => answer.map((one) => one.errorCode),
      doing: `writing offsets of the group "${groupId}" in the transaction of "${transactionalId}"`,
    });
  }

  async end(commit: boolean): Promise<void> {
    const { transactionalId } = this;
    await this.#cluster.coordinatorRequest({
      kind: 'transaction',
      key: transactionalId,
      api: endTxnApi,
      request: { transactionalId, ...this.identity, commit },
      codesOf: ({ errorCode }) => [errorCode],
      doing: `${commit ? 'committing' : 'aborting'} the transaction of "${transactionalId}"`,
    });
  }
}
