import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import {
  Fetcher,
  IdempotentProducer,
  readLastByKey,
  TransactionalProducer,
  type FetchedBatch,
} from '../src/index.ts';
import { clusterFixture, put, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(60_000);

describe('the fetcher', () => {
  let fixture: ClusterFixture;
  let producer: IdempotentProducer;
  beforeAll(async () => {
    fixture = await clusterFixture('fetcher');
    producer = await IdempotentProducer.open(fixture.cluster);
  });
  afterAll(async () => {
    await producer.close();
    await fixture[Symbol.asyncDispose]();
  });

  async function topicOf(suffix: string, partitions = 1, config?: Record<string, string>): Promise<string> {
    const topic = fixture.name(suffix);
    await fixture.cluster.ensureTopics([{ topic, partitions, config }]);
    return topic;
  }

  function valuesOf(batch: FetchedBatch | null): string[] {
    const values: string[] = [];
    while (batch?.cursor.next() === true) values.push(batch.cursor.copyValue()?.toString() ?? 'null');
    return values;
  }

  const soon = (): AbortSignal => AbortSignal.timeout(15_000);

  test('continues where a position says, and tells the lag', async () => {
    const topic = await topicOf('position');
    for (let i = 0; i < 10; i++) put(producer, topic, 0, null, String(i));
    await producer.flush();
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 7n }],
      isolation: 'read_committed',
    });
    const batch = await stop.fetcher.next(soon());
    expect(valuesOf(batch)).toEqual(['7', '8', '9']);
    expect(batch).toMatchObject({ fetchOffset: 7n, nextOffset: 10n, highWatermark: 10n });
    expect(stop.fetcher.lag()).toEqual([{ topic, partition: 0, position: 10n, endOffset: 10n, lag: 0n }]);
  });

  function closing(
    options: ConstructorParameters<typeof Fetcher>[1],
  ): AsyncDisposable & { fetcher: Fetcher } {
    const fetcher = new Fetcher(fixture.cluster, { maxWaitMs: 100, ...options });
    return {
      fetcher,
      [Symbol.asyncDispose]: () => {
        fetcher.close();
        return Promise.resolve();
      },
    };
  }

  test('starts at the end where it is told so, and sees what comes after', async () => {
    const topic = await topicOf('latest');
    put(producer, topic, 0, null, 'before');
    await producer.flush();
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 'latest' }],
      isolation: 'read_committed',
    });
    const next = stop.fetcher.next(soon());
    while (stop.fetcher.lag()[0]?.position === null) await new Promise((resolve) => setTimeout(resolve, 20));
    put(producer, topic, 0, null, 'after');
    await producer.flush();
    expect(valuesOf(await next)).toEqual(['after']);
  });

  test('waits for a topic that does not exist yet, and takes new partitions while running', async () => {
    const topic = fixture.name('later');
    const other = await topicOf('added');
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 'earliest' }],
      isolation: 'read_committed',
    });
    const next = stop.fetcher.next(soon());
    await fixture.cluster.ensureTopics([{ topic, partitions: 1 }]);
    put(producer, topic, 0, null, 'first');
    await producer.flush();
    expect(valuesOf(await next)).toEqual(['first']);

    stop.fetcher.add({ topic: other, partition: 0, offset: 'earliest' });
    put(producer, other, 0, null, 'other');
    await producer.flush();
    expect(valuesOf(await stop.fetcher.next(soon()))).toEqual(['other']);
  });

  test('a paused partition is held back and loses nothing', async () => {
    const topic = await topicOf('pause', 2);
    await using stop = closing({
      assignments: [0, 1].map((partition) => ({ topic, partition, offset: 'earliest' as const })),
      isolation: 'read_committed',
    });
    stop.fetcher.pause(topic, 0);
    for (const partition of [0, 1]) put(producer, topic, partition, null, `of ${partition}`);
    await producer.flush();
    expect(valuesOf(await stop.fetcher.next(soon()))).toEqual(['of 1']);
    expect(await stop.fetcher.next(AbortSignal.timeout(400))).toBeNull();
    stop.fetcher.resume(topic, 0);
    expect(valuesOf(await stop.fetcher.next(soon()))).toEqual(['of 0']);
  });

  test('aborted and control records move the position without being read', async () => {
    const topic = await topicOf('aborted');
    const transactions = await TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name('aborted'),
      transactionTimeoutMs: 30_000,
    });
    transactions.begin();
    for (let i = 0; i < 5; i++) put(transactions, topic, 0, null, String(i));
    await transactions.flush();
    await transactions.abort();
    await transactions.close();
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 0n }],
      isolation: 'read_committed',
    });
    let position = 0n;
    while (position < 6n) {
      const batch = await stop.fetcher.next(soon());
      expect(valuesOf(batch)).toEqual([]);
      position = batch?.nextOffset ?? 6n;
    }
    expect(position).toBe(6n);
  });

  test('nothing of an open transaction is read before it ends', async () => {
    const topic = await topicOf('open');
    const transactions = await TransactionalProducer.open(fixture.cluster, {
      transactionalId: fixture.name('open'),
      transactionTimeoutMs: 30_000,
    });
    transactions.begin();
    put(transactions, topic, 0, null, 'transactional');
    await transactions.flush();
    put(producer, topic, 0, null, 'plain');
    await producer.flush();
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 0n }],
      isolation: 'read_committed',
    });
    expect(await stop.fetcher.next(AbortSignal.timeout(500))).toBeNull();
    await transactions.commit();
    const values: string[] = [];
    while (values.length < 2) values.push(...valuesOf(await stop.fetcher.next(soon())));
    expect(values).toEqual(['transactional', 'plain']);
    await transactions.close();
  });

  test('a position that retention removed is an error, never a silent jump', async () => {
    const topic = await topicOf('retention');
    for (let i = 0; i < 10; i++) put(producer, topic, 0, null, String(i));
    await producer.flush();
    const kafka = new Kafka({
      brokers: [...fixture.brokers],
      clientId: 'foreign',
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // loads its metadata
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
    await admin.disconnect();
    await using stop = closing({
      assignments: [{ topic, partition: 0, offset: 2n }],
      isolation: 'read_committed',
    });
    await expect(stop.fetcher.next(soon())).rejects.toMatchObject({
      code: 'KAFKA_OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('position 2 is not in the partition, which holds 5 to 10'),
      context: { topic, partition: 0, offset: '2' },
    });
    await expect(stop.fetcher.next(soon())).rejects.toMatchObject({ code: 'KAFKA_OFFSET_OUT_OF_RANGE' });
  });

  test('a batch larger than the fetch size comes through and holds nobody up', async () => {
    const topic = await topicOf('oversize', 3);
    for (const partition of [0, 1, 2]) {
      for (let i = 0; i < 4; i++)
        put(producer, topic, partition, null, `${partition}${i}`.padEnd(300_000, '.'));
    }
    await producer.flush();
    await using stop = closing({
      assignments: [0, 1, 2].map((partition) => ({ topic, partition, offset: 'earliest' as const })),
      isolation: 'read_committed',
      maxBytes: 100_000,
      maxPartitionBytes: 50_000,
    });
    const seen: string[] = [];
    while (seen.length < 12)
      seen.push(...valuesOf(await stop.fetcher.next(soon())).map((value) => value.slice(0, 2)));
    expect(seen.sort()).toEqual(['00', '01', '02', '03', '10', '11', '12', '13', '20', '21', '22', '23']);
  });

  test('partitions come and go between requests, answers are used again, and every record is read once', async () => {
    const partitions = 12;
    const topic = await topicOf('session', partitions);
    const rounds = 40;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    await using stop = closing({
      assignments: all.map((partition) => ({ topic, partition, offset: 0n })),
      isolation: 'read_committed',
      reuseAnswers: true,
      maxBytes: 200_000,
      // Paused partitions' batches count: with less they would fill it, and nobody be fetched.
      prefetchBytes: 16 << 20,
    });
    const { fetcher } = stop;
    const seen = all.map((): string[] => []);
    const positions = all.map(() => 0n);
    for (let round = 0; round < rounds; round++) {
      for (const partition of all)
        put(producer, topic, partition, null, `${partition}-${round}`.padEnd(9_000, '.'));
      await producer.flush();
      fetcher.pause(topic, round % partitions);
      fetcher.resume(topic, (round + 7) % partitions);
      if (round % 5 === 0) {
        const partition = (round / 5) % partitions;
        fetcher.remove(topic, partition);
        fetcher.add({ topic, partition, offset: positions[partition] ?? 0n });
      }
      if (round === rounds - 1) for (const partition of all) fetcher.resume(topic, partition);
      do {
        const batch = await fetcher.next(soon());
        if (batch === null) throw new Error('the fetcher has stopped');
        for (const value of valuesOf(batch)) seen[batch.partition]?.push(value.replace(/\.+$/, ''));
        positions[batch.partition] = batch.nextOffset;
      } while (round === rounds - 1 && seen.some((values) => values.length < rounds));
    }
    for (const partition of all)
      expect(seen[partition]).toEqual(Array.from({ length: rounds }, (_, round) => `${partition}-${round}`));
  });

  test('the last value of each key is found, tombstones remove theirs', async () => {
    const topic = fixture.name('compacted');
    await fixture.cluster.ensureTopics([{ topic, partitions: 1, compact: true }]);
    expect(await readLastByKey(fixture.cluster, topic)).toEqual(new Map());
    const puts = [
      ['a', '1'],
      ['b', '1'],
      ['a', '2'],
      ['b', null],
      ['c', '3'],
    ] as const;
    for (const [key, value] of puts) put(producer, topic, 0, key, value);
    await producer.flush();
    expect(await readLastByKey(fixture.cluster, topic)).toEqual(
      new Map([
        ['a', Buffer.from('2')],
        ['c', Buffer.from('3')],
      ]),
    );
  });
});
