import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { assertNoDuplicates, servers } from '@hasivu/testing';
import {
  committedOffsets,
  Fetcher,
  IdempotentProducer,
  KafkaCluster,
  TransactionalProducer,
} from '../src/index.ts';
import { clusterFixture, put, readTopic, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(180_000);

let fixture: ClusterFixture;
beforeAll(async () => {
  fixture = await clusterFixture('restart');
});
afterAll(async () => {
  await servers.start('kafka');
  await fixture[Symbol.asyncDispose]();
});

test.each(['restart', 'kill'] as const)(
  'a broker %s loses nothing and repeats nothing, for writers and readers',
  async (how) => {
    const { cluster, name } = fixture;
    const topic = name(how);
    const groupId = name(`group-${how}`);
    await cluster.ensureTopics([{ topic, partitions: 3 }]);
    const producer = await TransactionalProducer.open(cluster, {
      transactionalId: name(how),
      transactionTimeoutMs: 60_000,
      maxBatchBytes: 4_000,
    });
    const plain = await IdempotentProducer.open(cluster, { maxBatchBytes: 4_000 });
    const fetcher = new Fetcher(cluster, {
      assignments: [0, 1, 2].map((partition) => ({ topic, partition, offset: 'earliest' as const })),
      isolation: 'read_committed',
      maxWaitMs: 100,
    });
    const rounds = 150;
    const perRound = 90;
    const total = rounds * perRound * 2;

    const reading = (async () => {
      const seen: string[] = [];
      while (seen.length < total) {
        const batch = await fetcher.next(AbortSignal.timeout(60_000));
        if (batch === null) throw new Error(`read ${seen.length} of ${total} records`);
        while (batch.cursor.next()) seen.push(batch.cursor.copyValue()?.toString() ?? 'null');
      }
      return seen;
    })();

    const outage = (async () => {
      await sleep(300);
      if (how === 'restart') return servers.restart('kafka');
      await servers.kill('kafka');
      await sleep(2_000);
      return servers.start('kafka');
    })();

    for (let round = 0; round < rounds; round++) {
      producer.begin();
      for (let i = 0; i < perRound; i++) {
        put(producer, topic, i % 3, null, `txn ${round * perRound + i}`);
        put(plain, topic, i % 3, null, `plain ${round * perRound + i}`);
      }
      await producer.sendOffsets(groupId, [{ topic, partition: 0, offset: BigInt(round + 1) }]);
      await Promise.all([producer.commit(), plain.flush()]);
      await sleep(5);
    }
    await outage;
    const seen = await reading;
    fetcher.close();
    await producer.close();
    await plain.close();

    assertNoDuplicates(seen);
    const expected = (kind: string): string[] =>
      Array.from({ length: rounds * perRound }, (_, i) => `${kind} ${i}`);
    expect(seen.sort()).toEqual([...expected('txn'), ...expected('plain')].sort());
    expect((await committedOffsets(cluster, groupId, [topic])).get(topic)?.get(0)).toBe(BigInt(rounds));
    const again = await readTopic(cluster, topic, 'read_committed');
    expect(again).toHaveLength(total);
    for (const partition of [0, 1, 2]) {
      const numbers = again
        .filter((one) => one.partition === partition && one.value?.startsWith('txn') === true)
        .map((one) => Number(one.value?.slice(4)));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  },
);

test('a reader gives up with KAFKA_UNAVAILABLE once the broker stays away too long', async () => {
  const topic = fixture.name('away');
  await fixture.cluster.ensureTopics([{ topic, partitions: 1 }]);
  const warnings: string[] = [];
  const cluster = await KafkaCluster.connect(
    { brokers: fixture.brokers },
    {
      clientId: 'impatient',
      unavailableTimeoutMs: 1_500,
      logger: { info: () => undefined, warn: (_facts, message) => warnings.push(message) },
    },
  );
  const fetcher = new Fetcher(cluster, {
    assignments: [{ topic, partition: 0, offset: 'earliest' }],
    isolation: 'read_committed',
    maxWaitMs: 100,
  });
  expect(await fetcher.next(AbortSignal.timeout(300))).toBeNull();
  await servers.stop('kafka');
  await expect(fetcher.next(AbortSignal.timeout(30_000))).rejects.toMatchObject({
    code: 'KAFKA_UNAVAILABLE',
  });
  expect(warnings.length).toBeGreaterThan(0);
  fetcher.close();
  cluster.close();
  await servers.start('kafka');
});
