import { BENCH_TABLES, type BenchTable } from './bench-tables.ts';

/** One shape of load that the peers are compared on. */
export interface Cell {
  /** `<table>-<rows per transaction>[-mixed]`, as on the command line. */
  readonly name: string;
  readonly table: BenchTable;
  readonly rowsPerTransaction: number;
  /** Half inserts, three tenths updates, two tenths deletes; inserts alone where false. */
  readonly mixed: boolean;
}

export const DEFAULT_CELLS = [
  'orders-1000',
  'orders-1',
  'orders-10',
  'orders-1M',
  'orders-1000-mixed',
  'orders-1-mixed',
  'narrow-1000',
  'wide-1000',
] as const;

const SUFFIXES = { '': 1, k: 1_000, M: 1_000_000 } as const;

/** @throws Error that says what a cell's name looks like */
export function parseCell(name: string): Cell {
  const match = /^([a-z]+)-(\d+)([kM]?)(-mixed)?$/.exec(name);
  const table = BENCH_TABLES.find((one) => one.name === match?.[1]);
  const rowsPerTransaction = Number(match?.[2] ?? 0) * SUFFIXES[(match?.[3] ?? '') as keyof typeof SUFFIXES];
  const mixed = match?.[4] !== undefined;
  if (
    !table ||
    rowsPerTransaction < 1 ||
    (mixed && rowsPerTransaction !== 1 && rowsPerTransaction % 10 !== 0)
  ) {
    const tables = BENCH_TABLES.map((one) => one.name).join('|');
    throw new Error(
      `${JSON.stringify(name)} is no shape: <${tables}>-<rows per transaction>[-mixed], ` +
        'for example orders-1000 or narrow-1M; a mixed transaction has one row or a multiple of ten',
    );
  }
  return { name, table, rowsPerTransaction, mixed };
}

/** Rows of each part of a cell's load; both are whole transactions. */
export interface LoadSize {
  /** Drained before anything is measured: a JVM compiles its hot code meanwhile. */
  readonly warmUpRows: number;
  readonly rows: number;
}

/**
 * Small transactions cost more to make than to read, and wide rows are larger: they get a share of `rows`.
 * @param warmUp rows that are at least drained before the measured ones
 */
export function loadSize(cell: Cell, rows: number, warmUp: number): LoadSize {
  const share = (cell.rowsPerTransaction < 10 ? 0.2 : 0.4) * (cell.table.name === 'wide' ? 0.5 : 1);
  const wanted =
    cell.name === 'orders-1000' || cell.rowsPerTransaction >= 1_000_000 ? rows : Math.ceil(rows * share);
  // A transaction larger than a part of the load is cut down to it.
  const unit = (count: number): number =>
    cell.mixed ? Math.max(cell.rowsPerTransaction, 10) : Math.min(cell.rowsPerTransaction, count);
  const whole = (count: number): number => Math.ceil(count / unit(count)) * unit(count);
  return { warmUpRows: whole(warmUp), rows: whole(wanted) };
}
