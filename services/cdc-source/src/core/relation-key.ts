import type { ColumnSchema } from '@hasivu/change-events';
import type { RelationColumn, ReplicaIdentity } from '@hasivu/pgoutput';

/** A table's key as the catalog or an event of before has it. */
export interface KnownKey {
  readonly names: readonly string[];
  /** `ColumnSchema.origin` of each, undefined where it is not known. */
  readonly origins: readonly (string | undefined)[];
}

/** Keys that a relation's may be, whatever its columns are called. */
export interface KnownKeys {
  /** Of the catalog. */
  readonly today: KnownKey;
  /** Of the newest registered schema. */
  readonly newest: KnownKey;
}

/**
 * Names of a streamed relation's key columns: the flagged ones of the message are what deletes will name. Under FULL every
 * column is flagged, so the primary key decides.
 * @param origins of the relation's columns, of all or of none
 */
export function keyOfRelation(
  columns: readonly RelationColumn[],
  identity: ReplicaIdentity,
  origins: ReadonlyMap<string, string>,
  { today, newest }: KnownKeys,
): readonly string[] {
  if (identity !== 'full' && identity !== 'nothing')
    return columns.filter((column) => column.inIdentity).map((column) => column.name);
  if (origins.size > 0) {
    const names = new Map([...origins].map(([name, origin]) => [origin, name]));
    return whole(today.origins.map((origin) => names.get(origin ?? '')));
  }
  // Where nobody tells what the columns are, the log is behind the catalog, and the schema of before is closer to it.
  const present = new Set(columns.map((column) => column.name));
  const named = ({ names }: KnownKey): readonly string[] =>
    whole(names.map((name) => (present.has(name) ? name : undefined)));
  const before = named(newest);
  return before.length > 0 ? before : named(today);
}

/**
 * The key's columns in the key's order, which no message tells: records of a row have to have the same key before and
 * after a column of it is renamed. By names only where it is not known what the columns are: names may have changed hands.
 */
export function inKeyOrder(
  key: readonly string[],
  columns: readonly ColumnSchema[],
  { today, newest }: KnownKeys,
): readonly string[] {
  const byOrigin = new Map(
    columns.flatMap(({ name, origin }) =>
      origin !== undefined && key.includes(name) ? [[origin, name]] : [],
    ),
  );
  if (byOrigin.size < key.length) {
    const same = today.names.length === key.length && today.names.every((name) => key.includes(name));
    return same ? today.names : key;
  }
  for (const { origins } of [today, newest]) {
    const ordered = whole(origins.map((origin) => byOrigin.get(origin ?? '')));
    if (ordered.length === key.length) return ordered;
  }
  return key;
}

/** All of them, or none. */
function whole(names: readonly (string | undefined)[]): readonly string[] {
  const known = names.filter((name) => name !== undefined);
  return known.length === names.length ? known : [];
}
