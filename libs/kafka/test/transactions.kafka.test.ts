import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { waitFor } from '@hasivu/testing';
import { committedOffsets, commitOffsets, TransactionalProducer } from '../src/index.ts';
import { clusterFixture, put, readTopic, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(60_000);

describe('transactions', () => {
  let fixture: ClusterFixture;
  beforeAll(async () => {
    fixture = await clusterFixture('txn');
  });
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  async function topicOf(suffix: string, partitions = 3): Promise<string> {
    const topic = fixture.name(suffix);
    await fixture.cluster.ensureTopics([{ topic, partitions }]);
    return topic;
  }

  function open(id: string): Promise<TransactionalProducer> {
    return TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name(id),
      transactionTimeoutMs: 30_000,
    });
  }

  async function committedValues(topic: string, count: number): Promise<string[]> {
    const records = await readTopic(fixture.cluster, topic, 'read_committed', (read) => read.length >= count);
    return records.map(({ value }) => value ?? 'null').sort();
  }

  test('a committed transaction is read whole, an aborted one not at all, over several partitions', async () => {
    const topic = await topicOf('commit-abort');
    const producer = await open('commit-abort');
    for (let round = 0; round < 6; round++) {
      producer.begin();
      for (let i = 0; i < 30; i++) put(producer, topic, i % 3, `k${i}`, `${round}:${i}`);
      if (round % 2 === 1) {
        await producer.flush();
        put(producer, topic, 0, 'unsent', 'never flushed');
        await producer.abort();
      } else {
        await producer.commit();
      }
    }
    const expected = [0, 2, 4]
      .flatMap((round) => Array.from({ length: 30 }, (_, i) => `${round}:${i}`))
      .sort();
    expect(await committedValues(topic, 90)).toEqual(expected);
    expect(producer.bufferedBytes).toBe(0);
    await producer.close();

    const all = await readTopic(fixture.cluster, topic, 'read_uncommitted');
    expect(all).toHaveLength(180); // the aborted ones are in the log, and only read_committed hides them
  });

  test('records of one partition keep their order through many batches in flight', async () => {
    const topic = await topicOf('order', 2);
    const producer = await TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name('order'),
      transactionTimeoutMs: 30_000,
      maxBatchBytes: 2_000,
    });
    producer.begin();
    const flushes: Promise<void>[] = [];
    for (let i = 0; i < 20_000; i++) {
      put(producer, topic, i % 2, null, String(i));
      if (i % 997 === 0) flushes.push(producer.flush());
    }
    await Promise.all(flushes);
    await producer.commit();
    const records = await readTopic(
      fixture.cluster,
      topic,
      'read_committed',
      (read) => read.length >= 20_000,
    );
    for (const partition of [0, 1]) {
      const values = records.filter((one) => one.partition === partition).map((one) => Number(one.value));
      expect(values).toEqual(Array.from({ length: 10_000 }, (_, i) => i * 2 + partition));
    }
    await producer.close();
  });

  test('offsets commit with the records and are seen as soon as the commit returned', async () => {
    const topic = await topicOf('offsets');
    const groupId = fixture.name('group');
    const producer = await open('offsets');
    const offsetNow = async (): Promise<bigint | undefined> =>
      (await committedOffsets(fixture.cluster, groupId, [topic])).get(topic)?.get(1);

    expect(await offsetNow()).toBeUndefined();
    for (let round = 1n; round <= 10n; round++) {
      producer.begin();
      put(producer, topic, 0, null, `${round}`);
      await producer.sendOffsets(groupId, [{ topic, partition: 1, offset: round }]);
      await producer.commit();
      expect(await offsetNow()).toBe(round);
    }
    producer.begin();
    await producer.sendOffsets(groupId, [{ topic, partition: 1, offset: 99n }]);
    await producer.abort();
    expect(await offsetNow()).toBe(10n);
    await producer.close();

    await commitOffsets(fixture.cluster, groupId, [{ topic, partition: 1, offset: 3n }]);
    expect(await offsetNow()).toBe(3n);
  });

  test('a second producer fences the first and its open transaction is gone', async () => {
    const topic = await topicOf('fencing', 1);
    const zombie = await open('fencing');
    zombie.begin();
    put(zombie, topic, 0, null, 'of the zombie');
    await zombie.flush();

    const heir = await open('fencing');
    heir.begin();
    put(heir, topic, 0, null, 'of the heir');
    await heir.commit();

    put(zombie, topic, 0, null, 'again of the zombie');
    await expect(zombie.commit()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    await expect(zombie.abort()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    expect(() => zombie.begin()).toThrow('KAFKA_FENCED');
    await zombie.close();

    heir.begin();
    put(heir, topic, 0, null, 'of the heir too');
    await heir.commit();
    await heir.close();
    expect(await committedValues(topic, 2)).toEqual(['of the heir', 'of the heir too']);
  });

  test('a zombie that failed for another reason cannot fence its heir when it recovers', async () => {
    const topic = await topicOf('recover', 1);
    const zombie = await open('recover');
    zombie.begin();
    put(zombie, topic, 0, null, 'lost');
    await zombie.flush();
    const heir = await open('recover');
    put(zombie, topic, 0, null, 'lost too');
    await expect(zombie.flush()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    heir.begin();
    put(heir, topic, 0, null, 'kept');
    await heir.commit();
    expect(await committedValues(topic, 1)).toEqual(['kept']);
    await zombie.close();
    await heir.close();
  });

  test('a transaction that outlives its timeout is fenced and nothing of it is read', async () => {
    const topic = await topicOf('timeout', 1);
    const producer = await TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name('timeout'),
      transactionTimeoutMs: 1_000,
    });
    producer.begin();
    put(producer, topic, 0, null, 'too late');
    await producer.flush();
    // The broker looks for expired transactions every ten seconds; its abort marker ends the partition's open one.
    await waitFor('the abort marker', async () => {
      return (await fixture.cluster.endOffsets(topic, 'read_committed')).get(0) === 2n;
    });
    await expect(producer.commit()).rejects.toMatchObject({
      code: expect.stringMatching(/^KAFKA_(FENCED|TRANSACTION_FAILED)$/),
    });
    await producer.close();
    expect(await readTopic(fixture.cluster, topic, 'read_committed')).toEqual([]);
  });

  test('calls in the wrong state say so', async () => {
    const producer = await open('state');
    await expect(producer.commit()).rejects.toMatchObject({ code: 'KAFKA_TRANSACTION_FAILED' });
    producer.begin();
    expect(() => producer.begin()).toThrow('is open, not idle');
    await producer.commit(); // an empty one costs nothing
    await producer.close();
    expect(() => producer.begin()).toThrow('is closed, not idle');
  });

  test('back-to-back transactions of one id do not wait long for each other (timing reported)', async () => {
    const topic = await topicOf('back-to-back', 1);
    const producer = await open('back-to-back');
    const startedMs = performance.now();
    const rounds = 100;
    for (let i = 0; i < rounds; i++) {
      producer.begin();
      put(producer, topic, 0, null, String(i));
      await producer.commit();
    }
    const eachMs = (performance.now() - startedMs) / rounds;
    console.info(`back-to-back transactions of one record: ${eachMs.toFixed(1)} ms each`);
    await producer.close();
    expect(await committedValues(topic, rounds)).toHaveLength(rounds);
  });
});
