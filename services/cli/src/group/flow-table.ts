import type { Paint } from '../terminal/paint.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../terminal/quantity.ts';
import { formatTextTable } from '../terminal/text-table.ts';
import type { FlowLine } from './flow-model.ts';

const COLUMNS = [
  { title: 'service' },
  { title: 'table', maxColumns: 40 },
  { title: 'rows/s', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'lag', align: 'right' },
  { title: 'commits', align: 'right' },
  { title: 'quarantined', align: 'right' },
] as const;

/** The live table: one row for each service and table. */
export function formatFlow(lines: readonly FlowLine[], paint: Paint): string[] {
  const rows = lines.map((line) => [
    line.service,
    line.table,
    line.rowsPerSecond === null ? '' : formatRate(line.rowsPerSecond),
    line.rows === null ? '' : formatCount(line.rows),
    formatLag(line),
    line.commits === null ? '' : formatCount(line.commits),
    formatBad(line, paint),
  ]);
  const [titles = '', rule = '', ...rest] = formatTextTable(COLUMNS, rows);
  return [paint.bold(titles), paint.dim(rule), ...rest];
}

/** The lag in every unit the service reports, shortest form: "1,204 rows 0.8 s". */
export function formatLag({
  lagRows,
  lagSeconds,
  lagBytes,
}: Pick<FlowLine, 'lagRows' | 'lagSeconds' | 'lagBytes'>): string {
  const parts: string[] = [];
  if (lagRows !== null) parts.push(`${formatCount(lagRows)} rows`);
  if (lagBytes !== null) parts.push(formatBytes(lagBytes));
  if (lagSeconds !== null && Number.isFinite(lagSeconds)) parts.push(formatDuration(lagSeconds * 1000));
  return parts.join(' ');
}

/** One line for a log or a pipe, where no table can be redrawn. */
export function flowSentence(line: FlowLine): string {
  const parts = [`${line.service}${line.table ? ` ${line.table}` : ''}:`];
  if (line.rows !== null) parts.push(`${formatCount(line.rows)} rows`);
  if (line.rowsPerSecond !== null) parts.push(`${formatRate(line.rowsPerSecond)} rows/s`);
  const lag = formatLag(line);
  if (lag) parts.push(`lag ${lag}`);
  if (line.commits !== null) parts.push(`${formatCount(line.commits)} commits`);
  if (line.quarantined) parts.push(`${formatCount(line.quarantined)} quarantined`);
  if (line.deadLetters) parts.push(`${formatCount(line.deadLetters)} dead letters`);
  return parts.join(' ');
}

function formatBad({ quarantined, deadLetters }: FlowLine, paint: Paint): string {
  if (quarantined === null && deadLetters === null) return '';
  const text = `${formatCount(quarantined ?? 0)}${deadLetters ? ` +${formatCount(deadLetters)} dead` : ''}`;
  return (quarantined ?? 0) + (deadLetters ?? 0) > 0 ? paint.yellow(text) : text;
}
