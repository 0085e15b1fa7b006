/** Bytes of table that one range covers at most. */
const RANGE_BYTES = 64 * 1024 * 1024;
/** Rows that one range holds by the planner's estimate: narrow rows make ranges of fewer pages. */
const RANGE_ROWS = 250_000;
const SMALLEST_RANGE_PAGES = 128;

/** A table without partitions, or one partition: what has pages of its own. */
export interface PagedPart {
  /** null for a part that cannot be read by page: it is one range. */
  readonly pages: number | null;
}

/** A half-open interval of pages of one part. */
export interface CopyRange {
  /** Index of the part. */
  readonly part: number;
  readonly fromPage: number;
  /** null for the last range of a part, which has no end: pages added later are in it. */
  readonly toPage: number | null;
}

export interface TableVolume {
  readonly pages: number;
  /** The planner's estimate; -1 when never analysed. */
  readonly rows: number;
}

/** Pages per range: bounded by bytes, and by rows where they are narrow, since a range is one Kafka transaction. */
export function pagesPerRange(volume: TableVolume, pageBytes: number): number {
  const byBytes = Math.max(1, Math.floor(RANGE_BYTES / pageBytes));
  if (volume.rows <= 0 || volume.pages <= 0) return byBytes;
  const byRows = Math.floor((RANGE_ROWS * volume.pages) / volume.rows);
  return Math.min(byBytes, Math.max(SMALLEST_RANGE_PAGES, byRows));
}

/** The ranges of all parts, in order. Together they are every page there is or will be, each once. */
export function planRanges(parts: readonly PagedPart[], rangePages: number): CopyRange[] {
  return parts.flatMap(({ pages }, part) => {
    const count = pages === null ? 1 : Math.max(1, Math.ceil(pages / rangePages));
    return Array.from({ length: count }, (_, i) => ({
      part,
      fromPage: i * rangePages,
      toPage: i === count - 1 ? null : (i + 1) * rangePages,
    }));
  });
}
