const FEW_ROWS = 1_000;
const MANY_FILES = 32;

/**
 * Whether a flush fell apart into many files of a few rows: its table is partitioned by what has too many values. Each file
 * costs some two milliseconds of CPU here, three when it is merged, and a request whenever it is read.
 */
export function isShattered(files: number, rows: number): boolean {
  return files >= MANY_FILES && rows < files * FEW_ROWS;
}
