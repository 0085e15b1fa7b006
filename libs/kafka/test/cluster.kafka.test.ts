import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { IdempotentProducer, KafkaCluster } from '../src/index.ts';
import { clusterFixture, put, readTopic, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(60_000);

describe('the cluster', () => {
  let fixture: ClusterFixture;
  beforeAll(async () => {
    fixture = await clusterFixture('cluster');
  });
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  const options = { clientId: 'test', unavailableTimeoutMs: 300, connectTimeoutMs: 1_000 };

  test('topics are created once, with their settings, and their partitions known', async () => {
    const topic = fixture.name('made');
    const request = { topic, partitions: 5, compact: true, config: { 'segment.bytes': '2097152' } };
    await Promise.all([fixture.cluster.ensureTopics([request]), fixture.cluster.ensureTopics([request])]);
    await fixture.cluster.ensureTopics([{ topic, partitions: 2 }]); // it exists: left as it is
    expect(await fixture.cluster.partitionsOf(topic)).toBe(5);
    expect(await fixture.cluster.listTopics()).toContain(topic);
    expect([...(await fixture.cluster.endOffsets(topic)).values()]).toEqual([0n, 0n, 0n, 0n, 0n]);
  });

  test('topics take the settings of the rules that fit them; an existing one is compared and left alone', async () => {
    const warnings: { topic?: string; differences?: string[] }[] = [];
    const logger = { info: () => undefined, warn: (facts: object) => void warnings.push(facts) };
    const connect = (config: object): Promise<KafkaCluster> =>
      KafkaCluster.connect({ brokers: fixture.brokers, ...config }, { ...options, logger });
    const topic = fixture.name('ruled');
    const overrides = {
      'ruled*': { partitions: 2, cleanupPolicy: 'compact', config: { 'segment.bytes': 2097152 } },
    };
    const first = await connect({
      prefix: fixture.name('').slice(0, -1),
      topics: { retentionMs: 60_000, overrides },
    });
    await first.ensureTopics([{ topic }]);
    expect(await first.partitionsOf(topic)).toBe(2);
    await first.ensureTopics([{ topic }]);
    expect(warnings).toEqual([]);
    first.close();
    const second = await connect({ topics: { partitions: 3, cleanupPolicy: 'delete', retentionMs: 60_000 } });
    await second.ensureTopics([{ topic }]);
    expect(await second.partitionsOf(topic)).toBe(2);
    expect(warnings).toEqual([
      {
        topic,
        differences: [
          '2 partitions where 3 are asked for',
          'cleanup.policy is compact where delete is asked for',
        ],
      },
    ]);
    second.close();
  });

  test('a topic that Kafka refuses is named with the reason', async () => {
    const topic = fixture.name('re?fused');
    await expect(fixture.cluster.ensureTopics([{ topic }])).rejects.toMatchObject({
      message: expect.stringContaining('re?fused'),
    });
    const bad = { topic: fixture.name('bad'), config: { 'cleanup.policy': 'sometimes' } };
    await expect(fixture.cluster.ensureTopics([bad])).rejects.toMatchObject({ code: 'KAFKA_TOPIC_INVALID' });
    await expect(fixture.cluster.partitionsOf(fixture.name('missing'))).rejects.toMatchObject({
      code: 'KAFKA_TOPIC_MISSING',
    });
  });

  test('brokers that do not answer are an error with their addresses, after the time for retries', async () => {
    await expect(KafkaCluster.connect({ brokers: ['127.0.0.1:1'] }, options)).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  test('a server that accepts and says nothing is an error too', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const connecting = KafkaCluster.connect({ brokers: [`127.0.0.1:${port}`] }, options);
    await expect(connecting).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    server.close();
  });

  test('one broker of the list is enough', async () => {
    const brokers = ['127.0.0.1:1', ...fixture.brokers];
    const cluster = await KafkaCluster.connect({ brokers }, { ...options, unavailableTimeoutMs: 5_000 });
    expect(await cluster.listTopics()).toBeInstanceOf(Array);
    cluster.close();
  });

  test('batches up to the limit of the broker are accepted, one record beyond it is refused before sending', async () => {
    const topic = fixture.name('sizes');
    await fixture.cluster.ensureTopics([{ topic, partitions: 1 }]);
    const maxBatchBytes = 1_048_588;
    const producer = await IdempotentProducer.open(fixture.cluster, { maxBatchBytes });
    const overhead = 61 + 10;
    for (const bytes of [1, 500_000, maxBatchBytes - overhead - 200, maxBatchBytes - overhead - 3]) {
      put(producer, topic, 0, null, 'x'.repeat(bytes));
    }
    expect(() => put(producer, topic, 0, null, 'x'.repeat(maxBatchBytes))).toThrow('KAFKA_RECORD_TOO_LARGE');
    put(producer, topic, 0, null, 'last');
    await producer.close();
    const read = await readTopic(fixture.cluster, topic, 'read_committed');
    expect(read.map(({ value }) => value?.length)).toEqual([
      1,
      500_000,
      maxBatchBytes - overhead - 200,
      maxBatchBytes - overhead - 3,
      4,
    ]);
  });

  test('a batch that only the topic finds too large is refused by name', async () => {
    const topic = fixture.name('small');
    await fixture.cluster.ensureTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '10000' } }]);
    const warned = await IdempotentProducer.open(fixture.cluster);
    expect(() => put(warned, topic, 0, null, 'x'.repeat(20_000))).toThrow(/KAFKA_RECORD_TOO_LARGE.* 10000/);
    for (let i = 0; i < 50; i++) put(warned, topic, 0, null, 'x'.repeat(1_000));
    await warned.close();
    expect(await readTopic(fixture.cluster, topic, 'read_committed')).toHaveLength(50);

    const cluster = await KafkaCluster.connect({ brokers: [...fixture.brokers] }, options);
    const producer = await IdempotentProducer.open(cluster);
    put(producer, topic, 0, null, 'x'.repeat(20_000));
    await expect(producer.flush()).rejects.toMatchObject({ code: 'KAFKA_RECORD_TOO_LARGE' });
    expect(() => put(producer, topic, 0, null, 'y')).toThrow('KAFKA_RECORD_TOO_LARGE');
    await producer.close();
    cluster.close();
  });

  test('a record between the bounds of a batch and of a record travels alone, in its place', async () => {
    const topic = fixture.name('alone');
    const config = { brokers: [...fixture.brokers], maxRecordBytes: 3_000_000 };
    const cluster = await KafkaCluster.connect(config, options);
    await cluster.ensureTopics([{ topic, partitions: 1 }]);
    const producer = await IdempotentProducer.open(cluster, { compression: 'none' });
    const lengths = [10, 2_500_000, 20, 30, 2_900_000, 2_900_000, 40];
    for (const length of lengths) put(producer, topic, 0, null, 'x'.repeat(length));
    expect(() => put(producer, topic, 0, null, 'x'.repeat(3_000_000))).toThrow('KAFKA_RECORD_TOO_LARGE');
    put(producer, topic, 0, null, 'x'.repeat(50));
    await producer.close();
    const read = await readTopic(cluster, topic, 'read_committed');
    expect(read.map(({ value }) => value?.length)).toEqual([...lengths, 50]);
    cluster.close();
  });

  test('records for a topic that does not exist are refused after the delivery timeout', async () => {
    const producer = await IdempotentProducer.open(fixture.cluster, { deliveryTimeoutMs: 300 });
    put(producer, fixture.name('nowhere'), 0, null, 'x');
    await expect(producer.flush()).rejects.toMatchObject({ code: 'KAFKA_TOPIC_MISSING' });
    await producer.close();
  });

  test('a million records stay within bounded memory', async () => {
    const topic = fixture.name('million');
    await fixture.cluster.ensureTopics([{ topic, partitions: 4, config: { 'retention.ms': '60000' } }]);
    const producer = await IdempotentProducer.open(fixture.cluster);
    const value = Buffer.alloc(200, 'v');
    const boundBytes = 8_000_000;
    let mostBytes = 0;
    const before = process.memoryUsage();
    for (let i = 0; i < 1_000_000; i++) {
      producer.append(topic, i & 3, null, 0, 0, value, 0, 200, 1_700_000_000_000);
      if (producer.bufferedBytes > mostBytes) mostBytes = producer.bufferedBytes;
      if (producer.bufferedBytes > boundBytes) await producer.flush();
    }
    await producer.close();
    const after = process.memoryUsage();
    expect(mostBytes).toBeLessThan(boundBytes + 1_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(128 * 1024 * 1024);
    const ends = await fixture.cluster.endOffsets(topic);
    expect([...ends.values()]).toEqual([250_000n, 250_000n, 250_000n, 250_000n]);
  });
});
