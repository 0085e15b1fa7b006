import { PlatformError } from '@hasivu/errors';
import { KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.ts';
import { BackOff, CONCURRENT_TRANSACTION, RECONNECT, REQUEST_RETRY } from './back-off.ts';
import type { KafkaLogger } from './connection-options.ts';
import { BrokerLostError, messageOf, responseError } from './kafka-error.ts';

/** A response code that the same request may not get again later. */
export class RetriableResponse extends Error {
  override readonly name = 'RetriableResponse';
  readonly code: number;

  constructor(code: number) {
    super(kafkaErrorName(code));
    this.code = code;
  }
}

export function isRepeatable(error: unknown): error is BrokerLostError | RetriableResponse {
  return error instanceof BrokerLostError || error instanceof RetriableResponse;
}

export interface RetryOptions {
  /** Completes "while …" in messages. */
  readonly doing: string;
  readonly giveUpAfterMs: number;
  readonly logger: KafkaLogger;
  readonly signal?: AbortSignal | undefined;
}

const WARN_EVERY = 10;
/** The only sign that a listener gives of a client that comes with or without TLS or SASL by mistake. */
const CLOSED_MESSAGE = /closed connection|disconnected before secure/i;

/** Repeats `attempt` while brokers are away or answer with a passing error; then throws a PlatformError. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { doing, giveUpAfterMs, logger, signal } = options;
  const whenLost = new BackOff(RECONNECT, giveUpAfterMs);
  const whenRefused = new BackOff(REQUEST_RETRY, giveUpAfterMs);
  const whenConcurrent = new BackOff(CONCURRENT_TRANSACTION, giveUpAfterMs);
  for (let losses = 0; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRepeatable(error)) throw error;
      signal?.throwIfAborted();
      const isLost = error instanceof BrokerLostError;
      if (isLost && losses++ % WARN_EVERY === 0)
        logger.warn({ why: messageOf(error) }, `Kafka is away while ${doing}`);
      if (whenLost.isExhausted) throw exhausted(error, doing, giveUpAfterMs);
      const isConcurrent = !isLost && error.code === KAFKA_ERROR.CONCURRENT_TRANSACTIONS;
      await (isLost ? whenLost : isConcurrent ? whenConcurrent : whenRefused).pause(signal);
    }
  }
}

/** What is thrown once the time for retries is over. */
export function exhausted(
  error: BrokerLostError | RetriableResponse,
  doing: string,
  afterMs: number,
): PlatformError {
  if (error instanceof RetriableResponse) return responseError(error.code, doing);
  const hint = CLOSED_MESSAGE.test(messageOf(error))
    ? '; do kafka.tls and kafka.sasl suit this listener?'
    : '';
  return new PlatformError('KAFKA_UNAVAILABLE', {
    doing,
    why: `no broker answered for ${Math.round(afterMs / 1000)} s (last: ${messageOf(error)}${hint})`,
    cause: error,
  });
}
