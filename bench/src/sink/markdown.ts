import { grouped, markdownTable, shown } from '../markdown-table.ts';
import type { SinkFigures, SinkResults } from './sink-bench.ts';

/** The results as a page for people. */
export function sinkMarkdown({ machine, takenAt, rows, rounds, peers }: SinkResults): string {
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
  return `# Kafka → Delta table beside its peers

Taken ${takenAt.slice(0, 16).replace('T', ' ')} UTC on ${machine.cores} cores (${machine.processor.trim()}), Node ${machine.node}, by \`npm run bench -- sink\`: ${grouped(rows)} rows of the 12-column table, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}. What each figure means and how it is taken: \`bench/README.md\`. Medians, with the smallest and the largest of the rounds in brackets.

${markdownTable(header, peers.map(line))}
`;
}
