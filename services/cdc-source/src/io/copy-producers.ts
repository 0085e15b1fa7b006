import { TransactionalProducer, type KafkaCluster } from '@hasivu/kafka';

import { copyRecordKey, withCopyRecords } from '../core/snapshot/copy-record.ts';
import { parseProgress, type Progress } from '../core/progress-record.ts';
import { lastValue } from './progress-reader.ts';

export interface ProgressPlace {
  readonly cluster: KafkaCluster;
  /** The progress topic. */
  readonly topic: string;
  readonly slot: string;
  /** Of the source's own producer; those of its copies derive from it. */
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Takes over the transactional ids of `count` copying connections: whoever held one is fenced, its transaction aborted. */
export async function openCopyProducers(
  place: ProgressPlace,
  count: number,
): Promise<readonly TransactionalProducer[]> {
  const { cluster, transactionalId, transactionTimeoutMs } = place;
  const opened = await Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      TransactionalProducer.open(cluster, {
        transactionalId: `${transactionalId}-copy-${i}`,
        transactionTimeoutMs,
      }),
    ),
  );
  const producers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  for (const one of opened) {
    if (one.status === 'fulfilled') continue;
    await closeProducers(producers);
    throw one.reason;
  }
  return producers;
}

/** An error while closing must not take the place of the error that ended the copying. */
export async function closeProducers(producers: readonly TransactionalProducer[]): Promise<void> {
  await Promise.all(producers.map((producer) => producer.close().catch(() => undefined)));
}

/**
 * The newest committed progress of a slot, what its copying connections have done included, or null. To be called once
 * the source's own producer is open. The connections of a predecessor that may still be alive are fenced first. How many
 * there are says its newest progress record, committed or not: an open transaction of one of them would hold back a
 * reader of committed records.
 */
export async function settledProgress(place: ProgressPlace): Promise<Progress | null> {
  const { cluster, topic, slot, signal } = place;
  const newest = await lastValue(cluster, topic, slot, 'read_uncommitted', signal);
  const connections = newest === null ? 0 : (parseProgress(newest).pass?.connections ?? 0);
  await closeProducers(await openCopyProducers(place, connections));
  const committed = await lastValue(cluster, topic, slot, 'read_committed', signal);
  const progress = committed === null ? null : parseProgress(committed);
  const records: Buffer[] = [];
  for (let i = 0; i < (progress?.pass?.connections ?? 0); i++) {
    const record = await lastValue(cluster, topic, copyRecordKey(slot, i), 'read_committed', signal);
    if (record) records.push(record);
  }
  return progress && withCopyRecords(progress, records);
}
