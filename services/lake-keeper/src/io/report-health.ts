import type { TableHealth } from '@hasivu/lake-engine';
import type { KeeperMetrics } from '../metrics.ts';

/** Shows what a look at a table has told. */
export function reportHealth(metrics: KeeperMetrics, table: string, health: TableHealth): void {
  const at = { table };
  metrics.files.set(at, health.files);
  metrics.bytes.set(at, health.bytes);
  metrics.smallFiles.set(at, health.smallFiles);
  metrics.smallBytes.set(at, health.smallBytes);
  metrics.deletedShare.set(at, health.rows === 0 ? 0 : health.deletedRows / health.rows);
  metrics.partitions.set(at, health.partitions);
  metrics.partitionSkew.set(at, health.partitionSkew);
  metrics.tombstones.set(at, health.tombstones);
  metrics.tombstoneBytes.set(at, health.tombstoneBytes);
  metrics.logActions.set(at, health.logActions);
  metrics.dueFiles.set(at, health.dueFiles);
}

/** A table that is gone has no health: its last values would be taken for the present. */
export function forgetHealth(metrics: KeeperMetrics, table: string): void {
  const { files, bytes, smallFiles, smallBytes, deletedShare, partitions, partitionSkew } = metrics;
  const { tombstones, tombstoneBytes, logActions, dueFiles } = metrics;
  for (const gauge of [files, bytes, smallFiles, smallBytes, deletedShare, partitions, partitionSkew])
    gauge.remove({ table });
  for (const gauge of [tombstones, tombstoneBytes, logActions, dueFiles]) gauge.remove({ table });
  for (const tier of ['hot', 'warm', 'cold']) metrics.tierBytes.remove({ table, tier });
}
