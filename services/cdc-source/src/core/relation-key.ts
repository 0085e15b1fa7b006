import { mayBeAt, type ColumnSchema, type FormerKeyColumn } from '@hasivu/change-events';
import type { RelationColumn, RelationMessage } from '@hasivu/pgoutput';

/** A table's key as the catalog has it. */
export interface KnownKey {
  readonly names: readonly string[];
  /** `ColumnSchema.origin` of each, undefined where it is not known. */
  readonly origins: readonly (string | undefined)[];
}

/** Keys that a relation's may be, whatever its columns are called. */
export interface KnownKeys {
  /** Of the catalog. */
  readonly today: KnownKey;
  /** Of the registered schemas, the newest first. */
  readonly before: readonly (readonly FormerKeyColumn[])[];
}

/**
 * Names of a streamed relation's key columns: the flagged ones of the message are what deletes will name. Under FULL every
 * column is flagged, so the primary key decides. Null where the table has a key, the topic too, and nobody tells which
 * columns it is: events without one would be spread over all partitions, and have no row to find in the lake.
 * @param origins of the relation's columns, of all or of none
 */
export function keyOfRelation(
  { oid, columns, identity }: Pick<RelationMessage, 'oid' | 'columns' | 'identity'>,
  origins: ReadonlyMap<string, string>,
  { today, before }: KnownKeys,
): readonly string[] | null {
  if (identity !== 'full' && identity !== 'nothing')
    return columns.filter((column) => column.inIdentity).map((column) => column.name);
  if (origins.size > 0) {
    const names = new Map([...origins].map(([name, origin]) => [origin, name]));
    return whole(today.origins.map((origin) => names.get(origin ?? '')));
  }
  // Where nobody tells what the columns are, the log is behind the catalog, and the schema of before is closer to it.
  const own = today.names.map((name, i) => ({ name, origin: today.origins[i], former: [] }));
  const keys = [...before.slice(0, 1), own, ...before.slice(1)];
  const found = [keyCalled(keys, (column) => [column.name]), keyCalled(keys, allNames)].find(
    (names) => names !== undefined,
  );
  if (found !== undefined) return found;
  return today.names.length > 0 && before.length > 0 ? null : [];

  function keyCalled(
    known: readonly (readonly FormerKeyColumn[])[],
    namesOf: (column: FormerKeyColumn) => readonly string[],
  ): readonly string[] | undefined {
    return known
      .map((key) => whole(key.map((column) => namesOf(column).find((name) => mayBe(column, name)))))
      .find((names) => names.length > 0 && new Set(names).size === names.length);
  }

  function mayBe({ origin }: FormerKeyColumn, name: string): boolean {
    const isIt = (column: RelationColumn): boolean => column.name === name;
    // Numbers say nothing of a table that was made anew.
    if (origin?.startsWith(`${oid}.`) !== true) return columns.some(isIt);
    return mayBeAt(origin, columns, isIt);
  }
}

const allNames = ({ name, former }: FormerKeyColumn): readonly string[] => [name, ...former];

/**
 * The key's columns in the key's order, which no message tells: records of a row have to have the same key before and
 * after a column of it is renamed. By names only where it is not known what the columns are: names may have changed hands.
 */
export function inKeyOrder(
  key: readonly string[],
  columns: readonly ColumnSchema[],
  { today, before }: KnownKeys,
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
  const newest = (before[0] ?? []).map(({ origin }) => origin);
  for (const origins of [today.origins, newest]) {
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
