import { engineType, text } from '../engine-sql.ts';
import { foldName } from '../fold-name.ts';
import { valueId, type FileBound } from '../predicate/file-bounds.ts';
import type { RowGroup } from '../row-groups.ts';
import type { SparseCopy } from '../sparse-copy.ts';
import type { EngineQueries } from '../statement-syntax.ts';

/** A file of which the footer is here. */
export interface ProbedFile {
  readonly path: string;
  readonly copy: SparseCopy;
  readonly groups: readonly RowGroup[];
  /** Names in the file by those in the log. */
  readonly names: ReadonlyMap<string, string>;
}

type Equality = Extract<FileBound, { kind: 'compare' }>;

/** Values that are looked for in the filters: each is a query. */
const MAX_VALUES = 20;
/** Types whose bounds are texts of the values that the engine looks for. */
const TYPES = new Set<unknown>(['byte', 'short', 'integer', 'long', 'date', 'string']);

/**
 * Fetches the bloom filters of columns that are compared for equality. @returns for each row group of each file, by path and
 * number, the values that its filters say it lacks
 */
export async function absentValues(
  session: EngineQueries,
  files: readonly ProbedFile[],
  bound: FileBound,
): Promise<(path: string, group: number) => ReadonlySet<string>> {
  const absent = new Map<string, Set<string>>();
  const idOf = (path: unknown, group: unknown): string => `${String(group)} ${String(path)}`;
  for (const { column, type, value } of equalities(bound).slice(0, MAX_VALUES)) {
    const byName = Map.groupBy(
      files.filter((file) => bloomPlaces(file, column).length > 0),
      ({ names }) => names.get(column) as string,
    );
    for (const [name, some] of byName) {
      // All row groups': the engine looks at each of them.
      for (const file of some) await file.copy.fetch(bloomPlaces(file, column));
      const paths = some.map(({ path }) => text(path)).join(', ');
      for (const row of await probed(session, paths, name, `${text(value)}::${engineType(type)}`)) {
        const id = idOf(row['file_name'], row['row_group_id']);
        if (row['bloom_filter_excludes'] !== true) continue;
        absent.set(id, (absent.get(id) ?? new Set()).add(valueId(column, value)));
      }
    }
  }
  return (path, group) => absent.get(idOf(path, group)) ?? new Set();
}

async function probed(
  session: EngineQueries,
  paths: string,
  name: string,
  constant: string,
): ReturnType<EngineQueries['rows']> {
  try {
    return await session.rows(`FROM parquet_bloom_probe([${paths}], ${text(name)}, ${constant})`);
  } catch {
    // A value that is too large for the narrower type of one of the files: what they hold is not known by this, then.
    return [];
  }
}

function equalities(bound: FileBound): Equality[] {
  if (bound.kind === 'all' || bound.kind === 'any') return bound.of.flatMap(equalities);
  return bound.kind === 'compare' && bound.by === '=' && TYPES.has(bound.type) ? [bound] : [];
}

function bloomPlaces({ groups, names }: ProbedFile, column: string): (readonly [number, number])[] {
  const name = foldName(names.get(column) ?? '');
  return groups.flatMap(({ blooms }) => {
    const place = blooms.get(name);
    return place === undefined ? [] : [place];
  });
}
