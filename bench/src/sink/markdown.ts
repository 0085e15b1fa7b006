import { grouped, markdownTable, shown } from '../markdown-table.ts';
import type { FreshnessFigures } from './freshness.ts';
import type { ManyTablesFigures } from './many-tables.ts';
import type { SinkWorkersFigures } from './sink-workers.ts';
import type { SinkFigures, SinkResults } from './sink-bench.ts';

/** The results as a page for people. */
export function sinkMarkdown({
  machine,
  takenAt,
  rows,
  rounds,
  peers,
  manyTables,
  workers,
  freshness,
}: SinkResults): string {
  const sections = [
    '# Kafka → Delta table beside its peers',
    `Taken ${takenAt.slice(0, 16).replace('T', ' ')} UTC on ${machine.cores} cores (${machine.processor.trim()}), Node ${machine.node}, by \`npm run bench -- sink\`. What each figure means and how it is taken: \`bench/README.md\`.`,
    ...(peers.length > 0 ? [peerSection(peers, rows, rounds)] : []),
    ...(manyTables.length > 0 ? [manyTablesSection(manyTables)] : []),
    ...(workers.length > 0 ? [workersSection(workers)] : []),
    ...(freshness === null ? [] : [freshnessSection(freshness)]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function peerSection(peers: readonly SinkFigures[], rows: number, rounds: number): string {
  const header = [
    'peer',
    'CPU-s per million rows',
    'rows/s',
    'peak RSS MiB',
    'table MB',
    'cheaper than Spark',
  ];
  const line = (figures: SinkFigures): string[] => [
    figures.peer,
    shown(figures.cpu),
    shown(figures.rowsPerSecond),
    shown(figures.peakRssMiB),
    shown(figures.tableMegabytes),
    figures.cheaperThanSpark === null ? '' : `${shown(figures.cheaperThanSpark)} ×`,
  ];
  return `${grouped(rows)} rows of the 12-column table, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}: medians, with the smallest and the largest of the rounds in brackets.\n\n${markdownTable(header, peers.map(line))}`;
}

function manyTablesSection(figures: readonly ManyTablesFigures[]): string {
  const header = [
    'tables',
    'Kafka partitions',
    'rows',
    'written',
    'CPU-s per million rows',
    'rows/s',
    'peak RSS MiB',
  ];
  const rows = figures.map((one) => [
    grouped(one.tables),
    grouped(one.partitions),
    grouped(one.rows),
    one.silver ? 'bronze and silver' : 'bronze',
    grouped(one.cpuPerMillionRows),
    grouped(one.rowsPerSecond),
    grouped(one.peakRssMiB),
  ]);
  return `## Many tables\n\n${markdownTable(header, rows)}`;
}

function workersSection(figures: readonly SinkWorkersFigures[]): string {
  const header = ['sinks', 'rows/s', 'CPU-s per million rows', 'peak RSS MiB of one', 'rows of each, %'];
  const rows = figures.map((one) => [
    grouped(one.workers),
    grouped(one.rowsPerSecond),
    grouped(one.cpuPerMillionRows),
    grouped(one.peakRssMiB),
    one.shares.join(', '),
  ]);
  const { tables = 0, rows: count = 0 } = figures[0] ?? {};
  return `## Several sinks that divide the tables\n\n${grouped(count)} rows of ${tables} tables, a quarter of them of the first, bronze and silver; rows/s from the first durable row to the last.\n\n${markdownTable(header, rows)}`;
}

function freshnessSection({ rowsPerSecond, transactions, p50, p99, worst }: FreshnessFigures): string {
  const header = ['rows/s', 'transactions', 'p50', 'p99', 'worst'];
  const row = [rowsPerSecond, transactions, p50, p99, worst].map(grouped);
  return `## Commit in Postgres to silver, milliseconds\n\n${markdownTable(header, [row])}`;
}
