import { responseError } from '../client/kafka-error.ts';
import { KAFKA_ERROR } from '../protocol/error-codes.ts';
import type { FetchAnswer, FetchPartition, FetchResult } from '../protocol/fetch.ts';
import type { TopicPartition } from '../protocol/topic-partition.ts';
import type { PartitionState } from './partition-state.ts';

/** What one request says of the session. */
export interface SessionRequest {
  readonly sessionId: number;
  /** 0 begins a session, and ends the one of this id. */
  readonly epoch: number;
  /** Those that the broker does not know as they are now. */
  readonly partitions: readonly FetchPartition[];
  readonly forgotten: readonly TopicPartition[];
}

interface KnownPartition extends TopicPartition {
  position: bigint;
  /** The last request that wanted it. */
  turn: number;
}

const NO_RESULTS: readonly FetchResult[] = [];
const LAST_EPOCH = 2 ** 31 - 1;

/**
 * What a broker remembers of our requests, so that each names only the partitions that changed, and each answer only those
 * with news: with a thousand partitions a request and its answer would otherwise be a hundred kilobytes of nothing new.
 * A broker without room for sessions gives none; then every request names all of its partitions.
 */
export class FetchSession {
  #id = 0;
  #epoch = 0;
  #turn = 0;
  readonly #known = new Map<string, KnownPartition>();

  /** The request for these partitions and no others. The broker knows of it once it has answered. */
  request(wanted: readonly PartitionState[], maxBytes: number): SessionRequest {
    const turn = (this.#turn += 1);
    const partitions: FetchPartition[] = [];
    for (const { name, topic, partition, position } of wanted) {
      const offset = position ?? 0n;
      const known = this.#known.get(name);
      if (known !== undefined) known.turn = turn;
      if (known?.position === offset) continue;
      if (known === undefined) this.#known.set(name, { topic, partition, position: offset, turn });
      else known.position = offset;
      partitions.push({ topic, partition, offset, maxBytes });
    }
    const forgotten: TopicPartition[] = [];
    if (this.#known.size > wanted.length) {
      for (const [name, known] of this.#known) {
        if (known.turn === turn) continue;
        this.#known.delete(name);
        forgotten.push(known);
      }
    }
    return { sessionId: this.#id, epoch: this.#epoch, partitions, forgotten };
  }

  /** @param sessionId of the answer; 0 when the broker keeps none */
  answered(sessionId: number): void {
    if (sessionId === 0) return this.lost(0);
    this.#id = sessionId;
    this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1;
  }

  /** Nobody knows what the broker remembers: the next request begins anew. @param sessionId that it ends */
  lost(sessionId = this.#id): void {
    this.#id = sessionId;
    this.#epoch = 0;
    this.#known.clear();
  }

  /** @throws PlatformError for what neither a new session nor time mends */
  resultsOf({ errorCode, sessionId, partitions }: FetchAnswer): readonly FetchResult[] {
    switch (errorCode) {
      case KAFKA_ERROR.NONE:
        this.answered(sessionId);
        return partitions;
      case KAFKA_ERROR.FETCH_SESSION_ID_NOT_FOUND:
        this.lost(0);
        return NO_RESULTS;
      case KAFKA_ERROR.INVALID_FETCH_SESSION_EPOCH:
        this.lost();
        return NO_RESULTS;
      default:
        throw responseError(errorCode, 'fetching');
    }
  }
}
