import type { BrokerLink } from '../client/broker-link.ts';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { responseError } from '../client/kafka-error.ts';
import { RetriableResponse } from '../client/retry.ts';
import type { KafkaApi } from '../protocol/api.ts';
import { isRetriable, KAFKA_ERROR } from '../protocol/error-codes.ts';

/** Codes that tell a member something of its membership: they are answers, not failures. */
const TOLD = new Set<number>([
  KAFKA_ERROR.NONE,
  KAFKA_ERROR.ILLEGAL_GENERATION,
  KAFKA_ERROR.UNKNOWN_MEMBER_ID,
  KAFKA_ERROR.REBALANCE_IN_PROGRESS,
  KAFKA_ERROR.MEMBER_ID_REQUIRED,
]);

const DETAILS = new Map<number, string>([
  [KAFKA_ERROR.INCONSISTENT_GROUP_PROTOCOL, 'the group has members of another kind, or with another task'],
  [KAFKA_ERROR.INVALID_SESSION_TIMEOUT, 'the broker bounds it by group.min and group.max.session.timeout.ms'],
]);

/** Requests to a group's coordinator, on a connection of their own: a request to join is answered when all have joined. */
export class GroupConnection {
  readonly #cluster: KafkaCluster;
  readonly #groupId: string;
  #link: BrokerLink | null = null;

  constructor(cluster: KafkaCluster, groupId: string) {
    this.#cluster = cluster;
    this.#groupId = groupId;
  }

  /** One attempt. @throws BrokerLostError, RetriableResponse; PlatformError where no retry helps */
  async send<Request, Response extends { readonly errorCode: number }>(
    api: KafkaApi<Request, Response>,
    request: Request,
    timeoutMs?: number,
  ): Promise<Response> {
    const doing = `${api.name} in the group "${this.#groupId}"`;
    const link = await this.#open(doing);
    try {
      const answer = await link.send(api, request, timeoutMs);
      if (TOLD.has(answer.errorCode)) return answer;
      if (isRetriable(answer.errorCode)) throw new RetriableResponse(answer.errorCode);
      throw responseError(answer.errorCode, doing, DETAILS.get(answer.errorCode));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
  }

  async #open(doing: string): Promise<BrokerLink> {
    if (this.#link?.isOpen === true) return this.#link;
    this.close();
    this.#link = await this.#cluster.openCoordinatorLink(this.#groupId, doing);
    return this.#link;
  }
}
