import { rm } from 'node:fs/promises';
import type { PartitionFiles } from '../core/engine-sql.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { FinishedFile } from '../core/row-file.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { count, type FlushTools } from './batch-flush.ts';
import { advanceHistory, type HistoryTables } from './history-advance.ts';

/** Applies a batch that the change log has to those of the topic's histories that it goes to, one commit each. */
export async function applyToHistories(
  batch: RowBatch,
  files: readonly FinishedFile[],
  binding: TopicBinding,
  tables: HistoryTables,
  tools: FlushTools,
): Promise<void> {
  const wanted = tables.histories.filter(({ bit }) => (batch.targets & bit) !== 0);
  if (wanted.length === 0) return;
  const local: PartitionFiles[] = [];
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'history' });
  try {
    for (const { partitionValues, bytes } of files)
      local.push({ partitionValues, paths: [await tools.cache.scratch(tools.newId(), bytes)] });
    const { shape, truncatedAt, unavailable } = batch;
    const source = {
      topic: binding.topic,
      shape,
      files: () => Promise.resolve(local),
      truncatedAt,
      unavailable: [...unavailable],
    };
    for (const group of Map.groupBy(wanted, ({ target }) => target.form).values()) {
      await advanceHistory(group, batch.offsets, source, tables, {
        historyMerger: tools.historyMerger,
        onCommit: (_, { filesAdded, bytesAdded }) => {
          count(tools.metrics, binding, 'history', filesAdded, bytesAdded);
          tools.failpoint('history-committed');
        },
      });
    }
  } finally {
    for (const path of local.flatMap((group) => group.paths)) await rm(path, { force: true });
  }
  flushed();
}
