import { grouped, markdownTable } from '../markdown-table.ts';
import type { DatasetSizes, TableSizes } from './sizes-bench.ts';

const MIB = 1 << 20;

interface Form {
  readonly name: string;
  readonly bytes: (table: TableSizes) => number;
}

/** The current state of the tables, in every form it is kept in; the first is what the others are compared with. */
const STATE_FORMS: readonly Form[] = [
  {
    name: 'Postgres: heap and TOAST, after VACUUM FULL',
    bytes: ({ postgres }) => postgres.compactTableBytes,
  },
  { name: 'the same as it lay there', bytes: ({ postgres }) => postgres.tableBytes },
  { name: 'Postgres with indexes, after VACUUM FULL', bytes: ({ postgres }) => postgres.compactTotalBytes },
  { name: 'CSV', bytes: ({ postgres }) => postgres.csv.bytes },
  { name: 'CSV, zstd', bytes: ({ postgres }) => postgres.csv.zstdBytes },
  { name: '**silver**', bytes: ({ silver }) => silver.liveBytes },
  { name: 'silver with its log and what vacuum has not taken', bytes: ({ silver }) => silver.storedBytes },
];
/** All changes, likewise. */
const CHANGE_FORMS: readonly Form[] = [
  { name: 'change events as JSON', bytes: ({ changes }) => changes.bytes },
  { name: 'change events as JSON, zstd', bytes: ({ changes }) => changes.zstdBytes },
  { name: '**bronze**', bytes: ({ bronze }) => bronze.liveBytes },
  { name: 'bronze with its log', bytes: ({ bronze }) => bronze.storedBytes },
];

/** By how much silver is smaller than the compact heap, in per cent. */
export function smallerThanHeap({ tables }: DatasetSizes): number {
  const heap = sum(tables, ({ postgres }) => postgres.compactTableBytes);
  return 100 * (1 - sum(tables, ({ silver }) => silver.liveBytes) / heap);
}

export function sizesMarkdown(record: {
  readonly takenAt: string;
  readonly results: readonly DatasetSizes[];
}): string {
  const pages = record.results.map(datasetPage);
  return [
    `# Sizes\n\nTaken ${record.takenAt.slice(0, 10)} with \`npm run bench -- sizes\`; MiB.`,
    ...pages,
    '',
  ].join('\n\n');
}

function datasetPage(sizes: DatasetSizes): string {
  const { dataset, what, tables } = sizes;
  const rows = sum(tables, ({ postgres }) => postgres.rows);
  const changes = sum(tables, (table) => table.changes.changes);
  const names = tables.map(({ table }) => table);
  return [
    `## ${dataset}`,
    `${what[0]?.toUpperCase()}${what.slice(1)}. ${grouped(rows)} rows, ${grouped(changes)} changes. Silver is ${smallerThanHeap(sizes).toFixed(1)} % smaller than the heap.`,
    formsTable('current state', STATE_FORMS, tables),
    formsTable('all changes', CHANGE_FORMS, tables),
    names.length === 1 ? '' : byTable(tables),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function formsTable(title: string, forms: readonly Form[], tables: readonly TableSizes[]): string {
  const first = sum(tables, (forms[0] as Form).bytes);
  const rows = forms.map(({ name, bytes }) => {
    const total = sum(tables, bytes);
    return [name, mebibytes(total), `${((100 * total) / first).toFixed(1)} %`];
  });
  return markdownTable([title, 'MiB', 'of the first'], rows);
}

function byTable(tables: readonly TableSizes[]): string {
  const rows = tables.map(({ table, postgres, changes, bronze, silver }) => [
    table,
    grouped(postgres.rows),
    mebibytes(postgres.compactTableBytes),
    mebibytes(postgres.csv.bytes),
    mebibytes(silver.liveBytes),
    mebibytes(changes.bytes),
    mebibytes(bronze.liveBytes),
  ]);
  return markdownTable(['table', 'rows', 'heap', 'CSV', 'silver', 'JSON', 'bronze'], rows);
}

function sum(tables: readonly TableSizes[], of: (table: TableSizes) => number): number {
  return tables.reduce((total, table) => total + of(table), 0);
}

function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}
