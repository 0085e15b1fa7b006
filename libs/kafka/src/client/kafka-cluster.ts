import type { KafkaApi } from '../protocol/api.ts';
import { isCoordinatorMoved, isRetriable, KAFKA_ERROR } from '../protocol/error-codes.ts';
import type { Isolation } from '../protocol/fetch.ts';
import { findCoordinatorApi, type CoordinatorKind } from '../protocol/find-coordinator.ts';
import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts';
import { metadataApi, type BrokerAddress, type TopicMetadata } from '../protocol/metadata.ts';
import type { Compression } from '../records/codec.ts';
import { BrokerLink } from './broker-link.ts';
import { ClusterMetadata } from './cluster-metadata.ts';
import {
  parseBrokerAddress,
  SILENT_LOGGER,
  toConnectionSettings,
  type ConnectionSettings,
  type KafkaClientOptions,
  type KafkaConnectionConfig,
  type KafkaLogger,
} from './connection-options.ts';
import type { AllocateFrame } from './frame-assembler.ts';
import { BrokerLostError, responseError } from './kafka-error.ts';
import { lookUpOffsets } from './offset-lookup.ts';
import { RetriableResponse, retrying } from './retry.ts';
import { createMissingTopics, type TopicRequest } from './topic-creation.ts';
import { topicSettings, type ResolvedSettings } from './topic-settings.ts';
import { PlatformError } from '@hasivu/errors';

export interface CoordinatorCall<Request, Response> {
  readonly kind: CoordinatorKind;
  /** Group id or transactional id. */
  readonly key: string;
  readonly api: KafkaApi<Request, Response>;
  readonly request: Request;
  /** The response's error codes; the first that says something decides. */
  readonly codesOf: (response: Response) => readonly number[];
  readonly doing: string;
}

/** Connections, metadata and coordinators of one Kafka cluster, shared by producers and fetchers of one process. */
export class KafkaCluster {
  readonly logger: KafkaLogger;
  /** What producers compress with where they are not told otherwise. */
  readonly compression: Compression;
  /** Largest record that producers write where they are not told otherwise. */
  readonly maxRecordBytes: number | undefined;
  readonly metadata = new ClusterMetadata();
  readonly #bootstrap: readonly { host: string; port: number }[];
  readonly #settings: ConnectionSettings;
  readonly #topicSettings: (topic: string) => ResolvedSettings;
  readonly #links = new Map<string, Promise<BrokerLink>>();
  readonly #coordinators = new Map<string, BrokerAddress>();
  readonly #recordLimits = new Map<string, number>();
  #closed = false;

  private constructor(config: KafkaConnectionConfig, options: KafkaClientOptions) {
    this.compression = config.compression ?? 'none';
    this.maxRecordBytes = config.maxRecordBytes;
    this.logger = options.logger ?? SILENT_LOGGER;
    this.#settings = toConnectionSettings(config, options);
    this.#bootstrap = config.brokers.map(parseBrokerAddress);
    this.#topicSettings = (topic) => topicSettings(topic, config);
  }

  /**
   * Connects to the first broker that answers and reads the list of brokers. Throws KAFKA_TLS_FAILED, KAFKA_AUTH_FAILED
   * or KAFKA_BROKER_TOO_OLD at once, KAFKA_UNAVAILABLE after `unavailableTimeoutMs` of retries.
   */
  static async connect(config: KafkaConnectionConfig, options: KafkaClientOptions): Promise<KafkaCluster> {
    const cluster = new KafkaCluster(config, options);
    try {
      await cluster.retrying(`connecting to ${config.brokers.join(', ')}`, () => cluster.refreshMetadata([]));
    } catch (error) {
      cluster.close();
      throw error;
    }
    return cluster;
  }

  get unavailableTimeoutMs(): number {
    return this.#settings.unavailableTimeoutMs;
  }

  get requestTimeoutMs(): number {
    return this.#settings.requestTimeoutMs;
  }

  /** Repeats `attempt` through broker outages, up to `unavailableTimeoutMs`. */
  retrying<T>(doing: string, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const giveUpAfterMs = this.#settings.unavailableTimeoutMs;
    return retrying(attempt, { doing, giveUpAfterMs, logger: this.logger, signal });
  }

  /** The shared connection to a node, opened on first use. One attempt; throws BrokerLostError where it fails. */
  async linkTo(nodeId: number): Promise<BrokerLink> {
    const node = this.metadata.node(nodeId);
    if (node === undefined) throw new BrokerLostError(`node ${nodeId}`, new Error('not in the metadata'));
    return this.#sharedLink(node.host, node.port);
  }

  /**
   * A connection of its own, for a long poll or a stream of batches. The caller closes it.
   * @param allocateFrame makes the buffer of an answer
   */
  async openLink(nodeId: number, allocateFrame?: AllocateFrame): Promise<BrokerLink> {
    const node = this.metadata.node(nodeId);
    if (node === undefined) throw new BrokerLostError(`node ${nodeId}`, new Error('not in the metadata'));
    return BrokerLink.open(node.host, node.port, this.#settings, allocateFrame);
  }

  async #sharedLink(host: string, port: number): Promise<BrokerLink> {
    const address = `${host}:${port}`;
    const existing = this.#links.get(address);
    if (existing !== undefined) {
      const link = await existing;
      if (link.isOpen) return link;
      if (this.#links.get(address) === existing) this.#links.delete(address);
      return this.#sharedLink(host, port);
    }
    if (this.#closed) throw new Error('the cluster was closed');
    const opening = BrokerLink.open(host, port, this.#settings);
    this.#links.set(address, opening);
    opening.catch(() => {
      if (this.#links.get(address) === opening) this.#links.delete(address);
    });
    return opening;
  }

  /** Any broker that answers: known ones first, then the bootstrap list. */
  async anyLink(): Promise<BrokerLink> {
    let failure: unknown = new BrokerLostError('kafka', new Error('no broker is configured'));
    for (const { host, port } of [...this.metadata.nodes, ...this.#bootstrap]) {
      try {
        return await this.#sharedLink(host, port);
      } catch (error) {
        // Where one broker refuses us for a reason that a person has to remove, another being down is no news.
        if (failure instanceof BrokerLostError) failure = error;
      }
    }
    throw failure;
  }

  /** Asks for brokers and for these topics (null: all). One attempt. */
  async refreshMetadata(topics: readonly string[] | null): Promise<readonly TopicMetadata[]> {
    const link = await this.anyLink();
    const response = await link.send(metadataApi, { topics });
    this.metadata.update(response);
    return response.topics;
  }

  /** Sends to the coordinator of a group or transactional id; follows it when it moves, waits out passing errors. */
  coordinatorRequest<Request, Response>(call: CoordinatorCall<Request, Response>): Promise<Response> {
    return this.retrying(call.doing, async () => {
      const address = await this.#coordinator(call.kind, call.key, call.doing);
      try {
        const link = await this.#sharedLink(address.host, address.port);
        const response = await link.send(call.api, call.request);
        const code = decidingCode(call.codesOf(response));
        if (code === 0) return response;
        if (isCoordinatorMoved(code)) this.#coordinators.delete(`${call.kind}:${call.key}`);
        if (isRetriable(code)) throw new RetriableResponse(code);
        throw responseError(code, call.doing);
      } catch (error) {
        if (error instanceof BrokerLostError) this.#coordinators.delete(`${call.kind}:${call.key}`);
        throw error;
      }
    });
  }

  /** A connection of its own to a group's coordinator. One attempt. The caller closes it. */
  async openCoordinatorLink(groupId: string, doing: string): Promise<BrokerLink> {
    // It may have moved: this is asked for where no connection is left.
    this.#coordinators.delete(`group:${groupId}`);
    const { host, port } = await this.#coordinator('group', groupId, doing);
    return BrokerLink.open(host, port, this.#settings);
  }

  async #coordinator(kind: CoordinatorKind, key: string, doing: string): Promise<BrokerAddress> {
    const cached = this.#coordinators.get(`${kind}:${key}`);
    if (cached !== undefined) return cached;
    const link = await this.anyLink();
    const found = await link.send(findCoordinatorApi, { key, kind });
    if (isRetriable(found.errorCode)) throw new RetriableResponse(found.errorCode);
    if (found.errorCode !== 0) throw responseError(found.errorCode, doing);
    this.#coordinators.set(`${kind}:${key}`, found);
    return found;
  }

  /**
   * Creates the topics that do not exist and waits until every partition of all of them has a leader. An existing topic
   * that differs from `kafka.topics` is left as it is, with a warning.
   */
  async ensureTopics(topics: readonly TopicRequest[]): Promise<void> {
    await createMissingTopics(this, topics, this.#topicSettings, this.#recordLimits);
  }

  /** Bytes of the largest record that a topic takes from here, as far as that is known: of `ensureTopics` and the config. */
  recordLimitOf(topic: string): number {
    return Math.min(this.#recordLimits.get(topic) ?? Infinity, this.maxRecordBytes ?? Infinity);
  }

  /** Names of all topics, internal ones left out. */
  async listTopics(): Promise<string[]> {
    const topics = await this.retrying('listing topics', () => this.refreshMetadata(null));
    return topics.filter((one) => !one.isInternal).map((one) => one.topic);
  }

  /** Number of partitions, from memory where it is known. Throws KAFKA_TOPIC_MISSING. */
  async partitionsOf(topic: string, options?: { readonly refresh?: boolean }): Promise<number> {
    if (options?.refresh !== true) {
      const known = this.metadata.topic(topic)?.partitions.length;
      if (known !== undefined) return known;
    }
    const doing = `looking up the partitions of the topic "${topic}"`;
    await this.retrying(doing, () => this.refreshMetadata([topic]));
    const found = this.metadata.topic(topic)?.partitions.length;
    if (found === undefined) throw new PlatformError('KAFKA_TOPIC_MISSING', { doing, context: { topic } });
    return found;
  }

  /** By partition, the offset after the last record; with read_committed, the last stable offset. */
  endOffsets(topic: string, isolation: Isolation = 'read_uncommitted'): Promise<Map<number, bigint>> {
    return lookUpOffsets(this, topic, LATEST_TIMESTAMP, isolation);
  }

  /** By partition, the offset of the first record that retention left. */
  startOffsets(topic: string): Promise<Map<number, bigint>> {
    return lookUpOffsets(this, topic, EARLIEST_TIMESTAMP, 'read_uncommitted');
  }

  close(): void {
    this.#closed = true;
    for (const opening of this.#links.values()) {
      opening.then(
        (link) => link.close(),
        () => undefined,
      );
    }
    this.#links.clear();
  }
}

/** OPERATION_NOT_ATTEMPTED only says that another item of the request failed. */
function decidingCode(codes: readonly number[]): number {
  const isCause = (code: number): boolean => code !== 0 && code !== KAFKA_ERROR.OPERATION_NOT_ATTEMPTED;
  return codes.find(isCause) ?? codes.find((code) => code !== 0) ?? 0;
}
