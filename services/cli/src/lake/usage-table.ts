import { formatBytes, formatCount } from '../terminal/quantity.ts';
import { formatTextTable } from '../terminal/text-table.ts';
import { USAGE_KINDS, type TableUsage, type UsageKind } from './table-usage.ts';

const TITLES: Readonly<Record<UsageKind, string>> = {
  live: 'live',
  removed: 'to vacuum',
  unknown: 'unreadable',
  log: 'log',
  vectors: 'vectors',
  changes: 'changes',
  other: 'other',
};

/** What a person reads of what is stored, the largest first. */
export function usageTable(usages: readonly TableUsage[], capacityBytes: number | null): string[] {
  const largest = [...usages].sort((a, b) => b.bytes - a.bytes || (a.table < b.table ? -1 : 1));
  const bytes = usages.reduce((sum, usage) => sum + usage.bytes, 0);
  const objects = usages.reduce((sum, usage) => sum + usage.objects, 0);
  const unreadable = largest.filter((usage) => usage.unreadable !== null);
  const kinds = USAGE_KINDS.filter((kind) => kind !== 'unknown' || unreadable.length > 0);
  const total = `${formatBytes(bytes)} in ${formatCount(objects)} objects`;
  return [
    ...formatTextTable(
      [
        { title: 'table' },
        { title: 'objects', align: 'right' },
        { title: 'size', align: 'right' },
        ...kinds.map((kind) => ({ title: TITLES[kind], align: 'right' as const })),
      ],
      largest.map((usage) => [
        usage.table === '' ? '(no table)' : usage.table,
        formatCount(usage.objects),
        formatBytes(usage.bytes),
        ...kinds.map((kind) => formatBytes(usage.kinds[kind].bytes)),
      ]),
    ),
    ...unreadable.map(
      ({ table, unreadable: code }) =>
        `${table} cannot be read (${code}): which of its files are live is not known`,
    ),
    capacityBytes === null
      ? `${total}; the lake has no capacity (lake.capacity.maxBytes)`
      : `${total}: ${((100 * bytes) / capacityBytes).toFixed(1)} % of the capacity of ${formatBytes(capacityBytes)}`,
  ];
}
