import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { KafkaCluster, TransactionalProducer, type KafkaConnectionConfig } from '../src/index.ts';
import { put, readTopic } from './cluster-fixture.ts';
import { startSecuredBroker, USER, type SecuredBroker } from './secured-broker.ts';

jest.setTimeout(120_000);

describe('a broker with TLS and SASL', () => {
  let broker: SecuredBroker;
  beforeAll(async () => {
    broker = await startSecuredBroker();
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  function connect(config: KafkaConnectionConfig): Promise<KafkaCluster> {
    return KafkaCluster.connect(config, {
      clientId: 'secured',
      unavailableTimeoutMs: 1_500,
      connectTimeoutMs: 5_000,
    });
  }

  async function failureOf(config: KafkaConnectionConfig): Promise<{ code?: string; message: string }> {
    try {
      (await connect(config)).close();
    } catch (error) {
      return error as { code?: string; message: string };
    }
    throw new Error('it connected');
  }

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    '%s over TLS carries a transaction',
    async (mechanism) => {
      const cluster = await connect({
        brokers: [broker.saslTls],
        tls: { caFile: broker.caFile },
        sasl: { mechanism, ...USER },
      });
      const topic = `secured.${mechanism}`;
      await cluster.ensureTopics([{ topic, partitions: 1 }]);
      const producer = await TransactionalProducer.open(cluster, {
        transactionalId: topic,
        transactionTimeoutMs: 30_000,
      });
      producer.begin();
      for (let i = 0; i < 5_000; i++) put(producer, topic, 0, null, `${i} ${'x'.repeat(400)}`);
      await producer.commit();
      await producer.close();
      expect(await readTopic(cluster, topic, 'read_committed', (read) => read.length >= 5_000)).toHaveLength(
        5_000,
      );
      cluster.close();
    },
  );

  test('a wrong password is KAFKA_AUTH_FAILED at once, and does not appear in the message', async () => {
    for (const mechanism of ['plain', 'scram-sha-256'] as const) {
      const sasl = { mechanism, username: USER.username, password: 'wrong-secret' };
      const failure = await failureOf({ brokers: [broker.sasl], sasl });
      expect(failure).toMatchObject({ code: 'KAFKA_AUTH_FAILED' });
      expect(failure.message).not.toContain('wrong-secret');
    }
  });

  test('a certificate of an unknown authority, or for another name, is KAFKA_TLS_FAILED', async () => {
    expect(await failureOf({ brokers: [broker.tls], tls: {} })).toMatchObject({ code: 'KAFKA_TLS_FAILED' });
    const tls = { caFile: broker.caFile, serverName: 'kafka.example.org' };
    expect(await failureOf({ brokers: [broker.tls], tls })).toMatchObject({ code: 'KAFKA_TLS_FAILED' });
    (await connect({ brokers: [broker.tls], tls: { verify: false } })).close();
  });

  test('TLS or SASL asked of a listener without it, or the reverse, gets an error that points there', async () => {
    const sasl = { mechanism: 'plain', ...USER } as const;
    expect(await failureOf({ brokers: [broker.plain], sasl })).toMatchObject({ code: 'KAFKA_AUTH_FAILED' });
    const points = {
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringContaining('kafka.tls and kafka.sasl'),
    };
    expect(await failureOf({ brokers: [broker.plain], tls: { caFile: broker.caFile } })).toMatchObject(
      points,
    );
    expect(await failureOf({ brokers: [broker.tls] })).toMatchObject(points);
    expect(await failureOf({ brokers: [broker.sasl] })).toMatchObject(points);
  });

  test('a missing authority file is named', async () => {
    const failure = await failureOf({ brokers: [broker.tls], tls: { caFile: '/does/not/exist.pem' } });
    expect(failure).toMatchObject({
      code: 'KAFKA_TLS_FAILED',
      message: expect.stringContaining('kafka.tls.caFile'),
    });
  });
});
