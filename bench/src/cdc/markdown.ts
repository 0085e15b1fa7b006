import { grouped, markdownTable as table, shown } from '../markdown-table.ts';
import type { CdcResults } from './cdc-bench.ts';
import type { CellFigures, PeerFigures } from './drain-report.ts';
import type { LatencyFigures } from './latency.ts';
import type { SnapshotFigures } from './snapshot.ts';

/** The results as a page for people. */
export function cdcMarkdown(results: CdcResults): string {
  const { machine, takenAt } = results;
  const sections = [
    `# Postgres → Kafka beside its peers

Taken ${takenAt.slice(0, 16).replace('T', ' ')} UTC on ${machine.cores} cores (${machine.processor.trim()}), Node ${machine.node}, by \`npm run bench -- cdc\`. What each figure means and how it is taken: \`bench/README.md\`. Medians, with the smallest and the largest of the rounds in brackets.`,
    ...results.drain.map(drainSection),
    ...(results.latency.length > 0 ? [latencySection(results.latency)] : []),
    ...(results.snapshot.length > 0 ? [snapshotSection(results.snapshot)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

function drainSection({ cell, rows, rounds, peers }: CellFigures): string {
  const header = [
    'peer',
    'CPU-s per million rows',
    'walsender beside it',
    'broker beside it',
    'rows/s',
    'log MB/s',
    'core share at a full walsender',
    'peak RSS MiB',
    'cheaper than Debezium',
    'faster than Debezium',
  ];
  const line = (figures: PeerFigures): string[] => [
    figures.peer,
    shown(figures.cpu),
    shown(figures.walsenderCpu),
    shown(figures.brokerCpu),
    shown(figures.rowsPerSecond),
    shown(figures.logMegabytesPerSecond),
    `${shown(figures.coreShare)} %`,
    shown(figures.peakRssMiB),
    ...[figures.cheaper, figures.faster].map((ratio) => (ratio === null ? '' : `${shown(ratio)} ×`)),
  ];
  return `## ${cell}: ${grouped(rows)} rows, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}\n\n${table(header, peers.map(line))}`;
}

function latencySection(figures: readonly LatencyFigures[]): string {
  const rows = figures.map((one) => [
    one.peer,
    grouped(one.rate),
    grouped(one.reachedRate),
    shown(one.p50),
    shown(one.p99),
  ]);
  return `## Commit to consumer, milliseconds\n\n${table(['peer', 'rows/s asked', 'rows/s reached', 'p50', 'p99'], rows)}`;
}

function snapshotSection(figures: readonly SnapshotFigures[]): string {
  const rows = figures.map((one) => [
    (one.tool ?? one.peer).replaceAll('|', String.raw`\|`),
    grouped(one.rows),
    shown(one.cpu),
    shown(one.rowsPerSecond),
    one.peakRssMiB === null ? '' : shown(one.peakRssMiB),
  ]);
  const header = ['peer', 'rows', 'CPU-s per million rows', 'rows/s', 'peak RSS MiB'];
  return `## Snapshot of orders\n\n${table(header, rows)}`;
}
