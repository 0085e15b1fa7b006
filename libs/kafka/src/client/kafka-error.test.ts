import { expect, test } from '@jest/globals';
import { PlatformError } from '@hasivu/errors';
import { KAFKA_ERROR } from '../protocol/error-codes.ts';
import { BrokerLostError, mapConnectError, responseError } from './kafka-error.ts';

test.each([
  [{ name: 'KafkaJSSASLAuthenticationError' }, 'KAFKA_AUTH_FAILED'],
  [{ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'KAFKA_TLS_FAILED'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'KAFKA_TLS_FAILED'],
  [{ message: 'Connection error: write EPROTO … wrong version number' }, 'KAFKA_TLS_FAILED'],
])('a connection that only a person can repair becomes a PlatformError: %j', (fields, code) => {
  const error = mapConnectError(Object.assign(new Error('refused'), fields), 'h:1');
  expect(error).toBeInstanceOf(PlatformError);
  expect(error).toMatchObject({ code });
  expect(mapConnectError(error, 'h:1')).toBe(error);
});

test('any other lost connection is worth another try', () => {
  expect(mapConnectError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'h:1')).toBeInstanceOf(
    BrokerLostError,
  );
});

test.each([
  ['PRODUCER_FENCED', 'KAFKA_FENCED'],
  ['INVALID_PRODUCER_EPOCH', 'KAFKA_FENCED'],
  ['INVALID_TXN_STATE', 'KAFKA_TRANSACTION_FAILED'],
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'KAFKA_SEQUENCE_LOST'],
  ['UNKNOWN_PRODUCER_ID', 'KAFKA_SEQUENCE_LOST'],
  ['MESSAGE_TOO_LARGE', 'KAFKA_RECORD_TOO_LARGE'],
  ['TOPIC_AUTHORIZATION_FAILED', 'KAFKA_FORBIDDEN'],
  ['INVALID_TRANSACTION_TIMEOUT', 'KAFKA_REQUEST_FAILED'],
] as const)('%s is reported as %s', (name, code) => {
  expect(responseError(KAFKA_ERROR[name], 'testing')).toMatchObject({ code, context: { kafkaError: name } });
});
