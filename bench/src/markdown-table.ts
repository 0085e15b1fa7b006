import type { Range } from './cdc/statistics.ts';

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A median, with the smallest and the largest of several rounds in brackets. */
export function shown({ median, min, max }: Range): string {
  return min === max ? grouped(median) : `${grouped(median)} (${grouped(min)}–${grouped(max)})`;
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}
