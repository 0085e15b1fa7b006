import type { PartitionFiles } from '@hasivu/lake-engine';
import type { RowBatch } from '../core/row-batch.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { countCommit } from '../metrics.ts';
import type { FlushTools } from './batch-flush.ts';
import { advanceHistory, type HistoryTables } from './history-advance.ts';

/** Applies a batch that the change log has to those of the topic's histories that it goes to, one commit each. */
export async function applyToHistories(
  batch: RowBatch,
  files: readonly PartitionFiles[],
  binding: TopicBinding,
  tables: HistoryTables,
  tools: FlushTools,
): Promise<void> {
  const wanted = tables.histories.filter(({ bit }) => (batch.targets & bit) !== 0);
  if (wanted.length === 0) return;
  const flushed = tools.metrics.flushSeconds.startTimer({ layer: 'history' });
  const { truncatedAt, unavailable } = batch;
  // Defaults are the state's: they are not of the source, whose history it is.
  const { unsent: _, ...shape } = batch.filledShape;
  const source = {
    topic: binding.topic,
    shape,
    files: () => Promise.resolve(files),
    lacking: 'noted' as const,
    truncatedAt,
    unavailable: [...unavailable],
  };
  for (const group of Map.groupBy(wanted, ({ target }) => target.form).values()) {
    await advanceHistory(group, batch.offsets, source, tables, {
      historyMerger: tools.historyMerger,
      onCommit: (_, { filesAdded, bytesAdded }) => {
        countCommit(tools.metrics, binding.table, 'history', { files: filesAdded, bytes: bytesAdded });
        tools.failpoint('history-committed');
      },
    });
  }
  flushed();
}
