import type { TableHealth } from '@hasivu/lake-engine';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import { formatTextTable } from '../terminal/text-table.ts';

export interface TableLine extends TableHealth {
  readonly table: string;
}

/** What a person reads of the way tables are stored; the worst first. */
export function healthTable(lines: readonly TableLine[]): string[] {
  const worst = [...lines].sort((a, b) => b.dueFiles - a.dueFiles || (a.table < b.table ? -1 : 1));
  return formatTextTable(
    [
      { title: 'table' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'small', align: 'right' },
      { title: 'target', align: 'right' },
      { title: 'deleted', align: 'right' },
      { title: 'partitions', align: 'right' },
      { title: 'skew', align: 'right' },
      { title: 'to vacuum', align: 'right' },
      { title: 'to rewrite', align: 'right' },
    ],
    worst.map((line) => [
      line.table,
      formatCount(line.files),
      formatBytes(line.bytes),
      formatCount(line.smallFiles),
      formatBytes(line.targetBytes),
      `${((100 * line.deletedRows) / Math.max(1, line.rows)).toFixed(1)} %`,
      formatCount(line.partitions),
      line.partitionSkew.toFixed(1),
      formatBytes(line.tombstoneBytes),
      formatCount(line.dueFiles),
    ]),
  );
}
