import { isPlatformError, PlatformError } from '@hasivu/errors';
import { isForbidden, KAFKA_ERROR, kafkaErrorName } from '../protocol/error-codes.ts';

/** A broker that went away, or a request that was not answered in time: worth another try elsewhere or later. */
export class BrokerLostError extends Error {
  override readonly name = 'BrokerLostError';

  constructor(address: string, cause: unknown) {
    super(`${address}: ${messageOf(cause)}`, { cause });
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fieldOf(error: unknown, field: 'code' | 'type' | 'name'): string {
  if (typeof error !== 'object' || error === null) return '';
  const value: unknown = (error as Record<string, unknown>)[field];
  return typeof value === 'string' ? value : '';
}

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/;
const SASL_TYPE = /^(SASL_AUTHENTICATION_FAILED|UNSUPPORTED_SASL_MECHANISM|ILLEGAL_SASL_STATE)$/;
const TLS_MESSAGE = /certificate|altname|ssl routines|wrong version number|self-signed/i;

/** Maps what kafkajs throws while connecting: a cause that only a person can remove becomes a PlatformError. */
export function mapConnectError(error: unknown, address: string): Error {
  if (isPlatformError(error)) return error;
  const doing = `connecting to the Kafka broker ${address}`;
  if (fieldOf(error, 'name') === 'KafkaJSSASLAuthenticationError' || SASL_TYPE.test(fieldOf(error, 'type'))) {
    return new PlatformError('KAFKA_AUTH_FAILED', {
      doing,
      why: messageOf(error),
      context: { address },
      cause: error,
    });
  }
  if (TLS_CODE.test(fieldOf(error, 'code')) || TLS_MESSAGE.test(messageOf(error))) {
    return new PlatformError('KAFKA_TLS_FAILED', {
      doing,
      why: messageOf(error),
      context: { address },
      cause: error,
    });
  }
  return new BrokerLostError(address, error);
}

/** The PlatformError for an error code of a response that no retry repairs. */
export function responseError(code: number, doing: string, detail?: string | null): PlatformError {
  const name = kafkaErrorName(code);
  const why = detail === undefined || detail === null || detail === '' ? name : `${name} (${detail})`;
  const context = { kafkaError: name };
  if (isForbidden(code)) return new PlatformError('KAFKA_FORBIDDEN', { doing, why, context });
  switch (code) {
    case KAFKA_ERROR.INVALID_PRODUCER_EPOCH:
    case KAFKA_ERROR.PRODUCER_FENCED:
    case KAFKA_ERROR.TRANSACTION_COORDINATOR_FENCED:
      return new PlatformError('KAFKA_FENCED', { doing, why, context });
    case KAFKA_ERROR.INVALID_TXN_STATE:
    case KAFKA_ERROR.INVALID_PRODUCER_ID_MAPPING:
    case KAFKA_ERROR.TRANSACTION_ABORTABLE:
      return new PlatformError('KAFKA_TRANSACTION_FAILED', { doing, why, context });
    case KAFKA_ERROR.OUT_OF_ORDER_SEQUENCE_NUMBER:
    case KAFKA_ERROR.UNKNOWN_PRODUCER_ID:
      return new PlatformError('KAFKA_SEQUENCE_LOST', { doing, why, context });
    case KAFKA_ERROR.MESSAGE_TOO_LARGE:
    case KAFKA_ERROR.RECORD_LIST_TOO_LARGE:
      return new PlatformError('KAFKA_RECORD_TOO_LARGE', { doing, why, context });
    case KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION:
      return new PlatformError('KAFKA_TOPIC_MISSING', { doing, why, context });
    default:
      return new PlatformError('KAFKA_REQUEST_FAILED', { doing, why, context });
  }
}
