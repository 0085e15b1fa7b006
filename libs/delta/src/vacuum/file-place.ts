import type { DeletionVector } from '../actions.ts';
import { vectorLocation } from '../deletion-vector/vector-location.ts';
import { keyOfPath } from '../partition-value.ts';

/** A scheme such as `s3://` or `file:/`, or a leading slash. */
const ABSOLUTE = /^(?:[a-z][a-z0-9+.-]*:|\/)/iu;

/**
 * Keys, relative to the table's folder, that a path of the log may mean. Usually one: tables from before Delta fixed its
 * encoding have paths that were never encoded, and both readings are kept. An absolute path counts where it leads
 * into the table's folder, in whatever bucket: that keeps too much rather than too little.
 */
export function keysOfPath(root: string, path: string): string[] {
  const readings = path.includes('%') ? [path, ...decoded(path)] : [path];
  return readings.flatMap((reading) => {
    if (!ABSOLUTE.test(reading)) return [reading];
    const at = reading.lastIndexOf(`/${root}/`);
    return at < 0 ? [] : [reading.slice(at + root.length + 2)];
  });
}

/** Keys of the file that holds a deletion vector; none for one that stands in the log itself. @throws LAKE_LOG_CORRUPT */
export function keysOfVector(root: string, vector: DeletionVector): string[] {
  const location = vectorLocation(vector);
  if (location.in === 'log') return [];
  return location.in === 'table' ? [location.key] : keysOfPath(root, location.uri);
}

/** The key of a path inside the table's folder; null for an absolute path, whose file may be another table's. */
export function ownKeyOfPath(path: string): string | null {
  if (ABSOLUTE.test(path)) return null;
  return decoded(path)[0] ?? path;
}

function decoded(path: string): string[] {
  try {
    return [keyOfPath(path)];
  } catch {
    // A stray percent sign: it was never encoded.
    return [];
  }
}

/**
 * Whether a file is none of the table's: some folder on its way, or its name, begins with `_` or `.`. Change data and
 * partitions of a column whose name begins like that are the table's.
 */
export function isHidden(relativeKey: string, partitionColumns: readonly string[]): boolean {
  return relativeKey
    .split('/')
    .some(
      (part) =>
        (part.startsWith('_') || part.startsWith('.')) &&
        part !== '_change_data' &&
        !partitionColumns.some((column) => part.startsWith(`${column}=`)),
    );
}
