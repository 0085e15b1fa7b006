import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { stack } from '@hasivu/testing';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { IdempotentProducer, TransactionalProducer } from '../src/index.ts';
import { clusterFixture, put, readTopic, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(60_000);

/** Reads with kafkajs's own decoder and consumer group, read_committed. */
async function readWithKafkajs(fixture: ClusterFixture, topic: string, count: number): Promise<object[]> {
  const kafka = new Kafka({ brokers: [...fixture.brokers], clientId: 'foreign', logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: fixture.name('kafkajs'), maxWaitTimeInMs: 100 });
  const messages: object[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      messages.push({
        key: message.key?.toString() ?? null,
        value: message.value?.toString() ?? null,
        headers: Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        ),
      });
      if (messages.length >= count) resolve();
      return Promise.resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return messages;
}

function kafkaTool(name: string, args: readonly string[], input = ''): string {
  const { kafka } = stack();
  const { java, libDirectory } = kafka as typeof kafka & { java: string; libDirectory: string };
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const command = ['-Xmx128m', quiet, '-cp', join(libDirectory, '*'), `org.apache.kafka.tools.${name}`];
  return execFileSync(java, [...command, ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** Some of it repeats, some of it does not: literals, near and far matches, several blocks. */
function noise(i: number): string {
  return Buffer.from(String(Math.sin(i) * 1e15))
    .toString('base64')
    .repeat(1 + (i % 40));
}

describe('other clients', () => {
  let fixture: ClusterFixture;
  beforeAll(async () => {
    fixture = await clusterFixture('foreign');
  });
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  async function topicOf(suffix: string, config?: Record<string, string>): Promise<string> {
    const topic = fixture.name(suffix);
    await fixture.cluster.ensureTopics([{ topic, partitions: 1, config }]);
    return topic;
  }

  test('kafkajs and the Java console consumer read what a transaction wrote: headers, null keys, tombstones', async () => {
    const topic = await topicOf('ours');
    const producer = await TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name('ours'),
      transactionTimeoutMs: 30_000,
    });
    producer.begin();
    put(producer, topic, 0, 'aborted', 'aborted');
    await producer.flush();
    await producer.abort();
    producer.begin();
    put(producer, topic, 0, 'a', 'eins', [
      ['traceparent', '00-1-2-01'],
      ['n', ''],
    ]);
    put(producer, topic, 0, null, 'zwei');
    put(producer, topic, 0, 'c', null);
    await producer.commit();
    await producer.close();

    expect(await readWithKafkajs(fixture, topic, 3)).toEqual([
      { key: 'a', value: 'eins', headers: { traceparent: '00-1-2-01', n: '' } },
      { key: null, value: 'zwei', headers: {} },
      { key: 'c', value: null, headers: {} },
    ]);
    const output = kafkaTool('consumer.ConsoleConsumer', [
      ...[
        '--bootstrap-server',
        fixture.brokers[0] ?? '',
        '--topic',
        topic,
        '--from-beginning',
        '--max-messages',
        '3',
      ],
      ...[
        '--property',
        'print.key=true',
        '--property',
        'print.headers=true',
        '--isolation-level',
        'read_committed',
      ],
    ]);
    expect(output.trim().split('\n')).toEqual([
      'traceparent:00-1-2-01,n:\ta\teins',
      'NO_HEADERS\tnull\tzwei',
      'NO_HEADERS\tc\tnull',
    ]);
  });

  test('the Java console consumer reads a topic with our batches of every codec', async () => {
    const topic = await topicOf('java');
    const expected: string[] = [];
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const producer = await IdempotentProducer.open(fixture.cluster, { compression });
      for (let i = 0; i < 500; i++) {
        const value = `${compression} ${i} ${noise(i)}`;
        expected.push(value);
        put(producer, topic, 0, `k${i}`, value);
      }
      await producer.close();
    }
    expect(await readTopic(fixture.cluster, topic, 'read_committed')).toMatchObject(
      expected.map((value) => ({ value })),
    );
    const consumer = ['--bootstrap-server', fixture.brokers[0] ?? '', '--topic', topic, '--from-beginning'];
    const count = String(expected.length);
    const output = kafkaTool('consumer.ConsoleConsumer', [...consumer, '--max-messages', count]);
    expect(output.trim().split('\n')).toEqual(expected);
  });

  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'many %s batches in flight keep their order in a transaction, and an aborted one leaves nothing',
    async (compression) => {
      const topic = await topicOf(`order-${compression}`);
      const producer = await TransactionalProducer.open(fixture.cluster, {
        transactionalId: fixture.name(`order-${compression}`),
        transactionTimeoutMs: 30_000,
        maxBatchBytes: 20_000,
        compression,
      });
      producer.begin();
      for (let i = 0; i < 2000; i++) put(producer, topic, 0, null, `aborted ${noise(i)}`);
      await producer.abort();
      producer.begin();
      const expected = Array.from({ length: 5000 }, (_, i) => `${i} ${noise(i % 7 === 0 ? i : 3)}`);
      for (const value of expected) put(producer, topic, 0, null, value);
      await producer.commit();
      await producer.close();
      const all = (records: readonly unknown[]): boolean => records.length >= expected.length;
      const read = await readTopic(fixture.cluster, topic, 'read_committed', all);
      expect(read.map(({ value }) => value)).toEqual(expected);
    },
  );

  test.each([CompressionTypes.None, CompressionTypes.GZIP])(
    'we read what kafkajs writes (compression %i)',
    async (compression) => {
      const topic = await topicOf(`kafkajs-${compression}`);
      const kafka = new Kafka({
        brokers: [...fixture.brokers],
        clientId: 'foreign',
        logLevel: logLevel.NOTHING,
      });
      const producer = kafka.producer({ idempotent: true });
      await producer.connect();
      const messages = Array.from({ length: 300 }, (_, i) => ({
        key: i % 3 === 0 ? null : `k${i}`,
        value: i % 5 === 0 ? null : `v${i}`,
        headers: { h: String(i) },
      }));
      await producer.send({ topic, messages, compression });
      await producer.disconnect();
      const read = await readTopic(fixture.cluster, topic, 'read_committed');
      expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(messages);
    },
  );

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'we read batches that the broker compressed with %s',
    async (codec) => {
      const topic = await topicOf(`broker-${codec}`, { 'compression.type': codec });
      const producer = await IdempotentProducer.open(fixture.cluster);
      const expected = Array.from({ length: 3000 }, (_, i) => `${i} ${noise(i)}`);
      for (const value of expected) put(producer, topic, 0, null, value);
      await producer.close();
      const read = await readTopic(fixture.cluster, topic, 'read_uncommitted');
      expect(read.map(({ value }) => value)).toEqual(expected);
    },
  );

  test.each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'we read what the Java producer compresses with %s',
    async (codec) => {
      const topic = await topicOf(`java-producer-${codec}`);
      const lines = Array.from({ length: 2000 }, (_, i) => `line ${i} ${'x'.repeat(i % 100)}`);
      kafkaTool(
        'ConsoleProducer',
        ['--bootstrap-server', fixture.brokers[0] ?? '', '--topic', topic, '--compression-codec', codec],
        `${lines.join('\n')}\n`,
      );
      const read = await readTopic(fixture.cluster, topic, 'read_uncommitted');
      expect(read.map(({ value }) => value)).toEqual(lines);
    },
  );
});
