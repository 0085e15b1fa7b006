import type { HistoryEntry } from '@hasivu/delta';
import { formatTextTable } from '../terminal/text-table.ts';

const DETAIL_COLUMNS = 100;

/** What a person reads of a table's commits. */
export function historyTable(entries: readonly HistoryEntry[]): string[] {
  return formatTextTable(
    [
      { title: 'version', align: 'right' },
      { title: 'time' },
      { title: 'operation' },
      { title: 'what', maxColumns: DETAIL_COLUMNS },
    ],
    entries.map(({ version, timestampMs, commitInfo }) => [
      String(version),
      new Date(timestampMs).toISOString(),
      commitInfo?.operation ?? '',
      pairs(commitInfo?.operationMetrics ?? commitInfo?.operationParameters ?? {}),
    ]),
  );
}

function pairs(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
