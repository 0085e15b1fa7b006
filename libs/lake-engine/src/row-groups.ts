import type { ColumnStatistics } from '@hasivu/delta';
import { text } from './engine-sql.ts';
import { foldName } from './fold-name.ts';
import type { Place } from './sparse-copy.ts';
import type { EngineQueries } from './statement-syntax.ts';

/** A row group of a Parquet file by the file's footer, as far as some of its columns go. */
export interface RowGroup {
  readonly rows: number;
  /** Where the columns lie, and their bloom filters, which the engine looks at before it reads the columns. */
  readonly places: readonly Place[];
  /**
   * Where the bloom filters are that `parquet_bloom_probe` can be asked for, by the columns' names in the file, as `foldName` has them:
   * those whose end is known, without a nested column before them.
   */
  readonly blooms: ReadonlyMap<string, Place>;
  /** By the columns' names in the file, as `foldName` has them; columns within others have none. */
  readonly statistics: ReadonlyMap<string, ColumnStatistics>;
}

/** More than a bloom filter of one row group has; for writers that leave its length out. */
const BLOOM_BYTES = 1 << 20;

/**
 * The row groups of local files or of copies that have their footers. @param columns names in the files, top-level ones
 * @returns by path, in the order of the files' row groups
 */
export async function rowGroups(
  session: EngineQueries,
  files: readonly { readonly path: string; readonly columns: readonly string[] }[],
): Promise<Map<string, RowGroup[]>> {
  const found = new Map<string, DraftGroup[]>(files.map(({ path }) => [path, []]));
  const columns = new Map(files.map(({ path, columns: own }) => [path, own.map(foldName)]));
  for (const row of await session.rows(chunksSql(files))) {
    const groups = found.get(row['file'] as string);
    const chunk = row as unknown as Chunk;
    const group = (groups![Number(chunk.id)] ??= {
      rows: Number(chunk.rows),
      places: [],
      blooms: new Map(),
      statistics: new Map(),
    });
    const path = foldName(chunk.path);
    const of = columns
      .get(row['file'] as string)
      ?.find((name) => path === name || path.startsWith(`${name}, `));
    if (of === undefined) continue;
    group.places.push([Number(chunk.first), Number(chunk.first) + Number(chunk.size)]);
    const bloomAt = Number(chunk.bloom_at ?? 0);
    const bloom: Place = [bloomAt, bloomAt + Number(chunk.bloom_bytes ?? BLOOM_BYTES)];
    if (bloomAt > 0) group.places.push(bloom);
    // The path of a column within another has a comma, and so may have a column's name.
    if (path !== of || of.includes(', ')) continue;
    group.statistics.set(of, statisticsOf(chunk));
    if (bloomAt > 0 && chunk.bloom_bytes !== null && !chunk.after_nested) group.blooms.set(of, bloom);
  }
  return found;
}

type DraftGroup = RowGroup & {
  places: Place[];
  blooms: Map<string, Place>;
  statistics: Map<string, ColumnStatistics>;
};

interface Chunk {
  readonly id: string;
  readonly rows: string;
  readonly path: string;
  readonly type: string;
  readonly first: string;
  readonly size: string;
  readonly bloom_at: string | null;
  readonly bloom_bytes: string | null;
  readonly after_nested: boolean;
  readonly min: string | null;
  readonly max: string | null;
  readonly nulls: string | null;
}

/**
 * The first column too, whatever it is: a file may have none of those that are asked for. The engine's probe counts nested
 * columns as one and the filters as many, so after a nested one it looks at another column's (DuckDB 1.5.6).
 */
function chunksSql(files: readonly { readonly path: string; readonly columns: readonly string[] }[]): string {
  const names = [...new Set(files.flatMap(({ columns }) => columns))];
  const named = names.map((name) => {
    const lower = text(name.toLowerCase());
    return ` OR lower(path_in_schema) = ${lower} OR starts_with(lower(path_in_schema), ${lower} || ', ')`;
  });
  return `SELECT file_name AS file, row_group_id AS id, row_group_num_rows AS rows, path_in_schema AS path, type,
least(data_page_offset, coalesce(nullif(dictionary_page_offset, 0), data_page_offset)) AS first, total_compressed_size AS size,
bloom_filter_offset AS bloom_at, bloom_filter_length AS bloom_bytes, stats_min_value AS min, stats_max_value AS max, stats_null_count AS nulls,
bool_or(contains(path_in_schema, ', ')) OVER (PARTITION BY file_name, row_group_id ORDER BY column_id) AS after_nested
FROM parquet_metadata([${files.map(({ path }) => text(path)).join(', ')}]) QUALIFY column_id = 0${named.join('')}`;
}

function statisticsOf({ type, min, max, nulls }: Chunk): ColumnStatistics {
  const nullCount = nulls === null ? undefined : Number(nulls);
  // INT96 has no order that its statistics could follow.
  if (type === 'INT96') return { nullCount };
  return { min: bound(min), max: bound(max), nullCount };
}

/** As the log words a bound; one that was cut within a character is none. */
function bound(value: string | null): string | undefined {
  if (value === null || value.includes('\\x')) return undefined;
  return value.replace(/^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\+00$/u, '$1Z');
}
