import { grouped, markdownTable, shown } from '../markdown-table.ts';
import type { UpsertResults } from './upsert-bench.ts';

/** The results as a page for people. */
export function upsertMarkdown(results: UpsertResults): string {
  const { machine, takenAt, warmUp, changes, batch, rounds, figures } = results;
  const header = [
    'table rows',
    'peer',
    'CPU-s per million changes',
    'bytes written per change',
    'peak RSS MiB',
    'CPU-s until the warm-up is in',
    'changes/s',
    'cheaper than Spark',
  ];
  const rows = figures.map((one) => [
    grouped(one.tableRows),
    one.peer,
    shown(one.cpu),
    shown(one.bytesPerChange),
    shown(one.peakRssMiB),
    shown(one.warmUpCpu),
    shown(one.changesPerSecond),
    one.cheaperThanSpark === null ? '' : `${shown(one.cheaperThanSpark)} ×`,
  ]);
  return `# Changes of keys all over a table, beside Spark's MERGE

Taken ${takenAt.slice(0, 16).replace('T', ' ')} UTC on ${machine.cores} cores (${machine.processor.trim()}), Node ${machine.node}, by \`npm run bench -- upsert\`. What each figure means and how it is taken: \`bench/README.md\`.

${grouped(changes)} changes after a warm-up of ${grouped(warmUp)}, Spark's in batches of ${grouped(batch)}; ${rounds} ${rounds === 1 ? 'round' : 'rounds'}: medians, with the smallest and the largest of the rounds in brackets.

${markdownTable(header, rows)}
`;
}
