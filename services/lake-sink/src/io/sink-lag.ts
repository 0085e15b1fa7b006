import type { PartitionLag } from '@hasivu/kafka';
import type { SinkMetrics } from '../metrics.ts';
import type { TopicSet } from './topic-set.ts';
import type { TopicWriter } from './topic-writer.ts';

/** Tells how far each table is behind. @param stopped writers that go on only after a restart */
export function reportLag(
  partitions: readonly PartitionLag[],
  topics: Pick<TopicSet, 'writers' | 'writerOf'>,
  stopped: ReadonlySet<TopicWriter>,
  { lagRows, lagSeconds }: SinkMetrics,
): void {
  const byTable = new Map<string, number>();
  // What a flush holds is not durable either, and it may wait for room in the lake.
  const waiting = new Set(
    [...topics.writers].filter((own) => own.hasRows || own.isFlushing || stopped.has(own)),
  );
  for (const { topic, lag } of partitions) {
    const writer = topics.writerOf(topic);
    if (writer === undefined) continue;
    const { table } = writer.binding;
    byTable.set(table, (byTable.get(table) ?? 0) + Number(lag ?? 0n));
    if ((lag ?? 0n) > 0n) waiting.add(writer);
  }
  for (const [table, lag] of byTable) lagRows.set({ table }, lag);
  for (const writer of topics.writers) {
    const ageMs = waiting.has(writer) ? Math.max(0, Date.now() - writer.newestMs) : 0;
    lagSeconds.set({ table: writer.binding.table }, writer.newestMs === 0 ? 0 : ageMs / 1000);
  }
}

/** Another sink tells of the table from now on. */
export function forgetLag(table: string, { lagRows, lagSeconds }: SinkMetrics): void {
  lagRows.remove({ table });
  lagSeconds.remove({ table });
}
