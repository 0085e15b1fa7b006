import type { ErrorEntry } from '../error-entry.ts';

export const kafkaErrors = {
  KAFKA_UNAVAILABLE: {
    summary: 'No Kafka broker answers',
    cause:
      'The brokers are stopped, restarting or unreachable from here, or the address in kafka.brokers is wrong.',
    remedy:
      'Check that the brokers listed in kafka.brokers run and that their advertised addresses are reachable from here.',
    retry: 'timed',
  },
  KAFKA_TLS_FAILED: {
    summary: 'The TLS handshake with a Kafka broker failed',
    cause:
      'The certificate is not signed by a trusted authority, names another host, or the listener does not speak TLS.',
    remedy: 'Check kafka.tls (authority, certificate, key, server name) against the listener of the broker.',
    retry: 'manual',
  },
  KAFKA_AUTH_FAILED: {
    summary: 'Kafka refused the credentials',
    cause:
      'User name, password or SASL mechanism do not match what the broker knows, or the listener wants SASL and none is configured.',
    remedy: 'Check kafka.sasl (mechanism, username, password) against the users of the broker.',
    retry: 'manual',
  },
  KAFKA_FORBIDDEN: {
    summary: 'Kafka does not allow this user to do that',
    cause: 'An access control list lacks a right on the topic, the group or the transactional id.',
    remedy: 'Grant the right that the message names to the user of kafka.sasl.',
    retry: 'manual',
  },
  KAFKA_BROKER_TOO_OLD: {
    summary: 'The broker does not speak a protocol version that is needed',
    cause: 'The broker is older than Kafka 2.5 or is not Kafka.',
    remedy: 'Use Apache Kafka 2.5 or newer (4.x is what the tests run against).',
    retry: 'manual',
  },
  KAFKA_REQUEST_FAILED: {
    summary: 'Kafka answered a request with an error that no retry repairs',
    cause: 'The error name in the message says which.',
    remedy: "Look the error name up in Kafka's protocol guide and in the broker's log.",
    retry: 'restart',
  },
  KAFKA_FENCED: {
    summary: 'Another producer took over this transactional id, or the transaction outlived its timeout',
    cause:
      'A second process with the same identity started, or one transaction stayed open longer than transactionTimeoutMs.',
    remedy:
      'Run one process per identity; if there is only one, raise the transaction timeout. A restart replays from durable progress.',
    retry: 'restart',
  },
  KAFKA_TRANSACTION_FAILED: {
    summary: 'The Kafka transaction cannot go on',
    cause:
      'The coordinator lost or aborted the transaction, or a call came in a state that does not allow it.',
    remedy: 'Restart the process: it aborts the transaction and replays from durable progress.',
    retry: 'restart',
  },
  KAFKA_SEQUENCE_LOST: {
    summary: 'The broker no longer agrees on which batch comes next',
    cause:
      'Records were deleted under an idempotent producer, or an unclean leader election lost acknowledged batches.',
    remedy:
      'Restart the process: it starts a new sequence and replays. Check the brokers for unclean leader elections.',
    retry: 'restart',
  },
  KAFKA_DELIVERY_TIMEOUT: {
    summary: 'Records were not acknowledged within the delivery timeout',
    cause:
      'The leader of the partition was away, or too few replicas were in sync, for longer than deliveryTimeoutMs.',
    remedy:
      'Check the brokers and min.insync.replicas of the topic. A restart replays from durable progress.',
    retry: 'restart',
  },
  KAFKA_RECORD_TOO_LARGE: {
    summary: 'One record is larger than a batch may be',
    cause: 'The row or event is larger than kafka.maxRecordBytes or than max.message.bytes of the topic.',
    remedy:
      'Raise kafka.maxRecordBytes and max.message.bytes of the topic together, or exclude the wide column.',
    retry: 'manual',
  },
  KAFKA_TOPIC_INVALID: {
    summary: 'Kafka refused to create the topic',
    cause:
      'The name, the number of partitions, the replication factor or a setting is not acceptable to the cluster.',
    remedy: 'Correct kafka.topics (partitions, replicationFactor) or create the topic by hand.',
    retry: 'manual',
  },
  KAFKA_TOPIC_MISSING: {
    summary: 'The topic or partition does not exist',
    cause:
      'Nobody created it yet, it was deleted, or the prefix in the configuration differs from that of the writer.',
    remedy: 'Start the service that writes it, or correct kafka.prefix.',
    retry: 'timed',
  },
  KAFKA_OFFSET_OUT_OF_RANGE: {
    summary: 'The position to read from is no longer (or not yet) in the topic',
    cause: 'Retention removed records before they were read, or the topic was deleted and created again.',
    remedy:
      'Decide what to do with the gap: reset the position by hand, or rebuild the target from a snapshot. Raise retention.',
    retry: 'manual',
  },
  KAFKA_BATCH_CORRUPT: {
    summary: 'A record batch read from Kafka is not what its header says',
    cause: 'The checksum or a length does not match: damaged storage or network, or a writer with a defect.',
    remedy:
      'Read the same offset with another client; if it fails too, restore the partition from a replica.',
    retry: 'manual',
  },
  KAFKA_CODEC_UNKNOWN: {
    summary: 'The record batch is compressed with an unknown codec',
    cause: 'The writer uses a codec other than none, gzip, snappy, lz4 or zstd.',
    remedy: 'Set compression.type of the writer or of the topic to one of those.',
    retry: 'manual',
  },
  KAFKA_FORMAT_TOO_OLD: {
    summary: 'The topic holds message sets of the format before Kafka 0.11',
    cause: 'Segments written before 2017, or a topic pinned to message.format.version 0.10 or older.',
    remedy: 'Copy the topic with a client of the old format, or let retention remove the old segments.',
    retry: 'manual',
  },
  REGISTRY_UNAVAILABLE: {
    summary: 'The schema registry does not answer',
    cause: 'The registry is stopped, restarting or unreachable, or the URL in kafka.registry is wrong.',
    remedy: 'Check that the registry runs and that kafka.registry is its Confluent-compatible base URL.',
    retry: 'timed',
  },
  REGISTRY_INCOMPATIBLE: {
    summary: 'The schema registry refused the new schema as incompatible',
    cause: 'The new schema cannot read what was written with the versions before it.',
    remedy:
      'Undo the incompatible change, or change the compatibility of the subject on purpose, then start again.',
    retry: 'manual',
  },
  REGISTRY_REJECTED: {
    summary: 'The schema registry refused the request',
    cause:
      'Wrong credentials, a certificate that is not trusted, an invalid schema, or a registry that does not offer the Confluent API.',
    remedy:
      'Read the answer in the message; check the URL (it ends in /apis/ccompat/v7 for Apicurio) the credentials and kafka.registryTls.',
    retry: 'manual',
  },
  REGISTRY_SCHEMA_UNKNOWN: {
    summary: 'The schema registry does not know a schema id found in a record',
    cause: 'The record was written against another registry, or the schema was deleted.',
    remedy: 'Point kafka.registry at the registry that the writer used.',
    retry: 'manual',
  },
} as const satisfies Record<string, ErrorEntry>;
