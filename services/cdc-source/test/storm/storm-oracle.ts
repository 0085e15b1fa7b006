import { expect } from '@jest/globals';

import { byPosition, printed, type SeenEvent, type SourceUnderTest } from '../source-under-test.ts';

/**
 * Within a partition, and so for each key, positions of streamed events only rise; `events` itself refuses a position that
 * comes twice. A copy that went on under a later snapshot puts its rows ahead of the events in between, which are older.
 */
export function assertOrdered(events: readonly SeenEvent[]): void {
  const partitionOf = new Map<string, number>();
  let last: SeenEvent | null = null;
  for (const event of events) {
    if (event.key !== null) {
      const key = printed(event.key);
      expect([key, partitionOf.get(key) ?? event.partition]).toEqual([key, event.partition]);
      partitionOf.set(key, event.partition);
    }
    if (event.op === null || event.snapshot === 'true') continue;
    if (last?.partition === event.partition && byPosition(last, event) >= 0)
      throw new Error(`${printed(position(event))} stands behind ${printed(position(last))}`);
    last = event;
  }
}

/** Positions and operations of what was streamed behind `fromLsn`, in order. */
export function streamedBehind(events: readonly SeenEvent[], fromLsn: bigint): string[] {
  return events
    .filter((event) => event.op !== null && event.snapshot === 'false' && event.commitLsn > fromLsn)
    .sort(byPosition)
    .map((event) => `${event.commitLsn}:${event.seq} ${event.op}`);
}

/** Log position that the last copy of a table covers. */
export function copiedTo(events: readonly SeenEvent[]): bigint {
  return events.reduce(
    (last, event) => (event.snapshot === 'true' && event.commitLsn > last ? event.commitLsn : last),
    0n,
  );
}

/** The rows that a consumer holds in the end, each as text; a table without a key is a bag of rows. */
export function replay(events: readonly SeenEvent[], columns: readonly string[]): string[] {
  const rows = new Map<string, Record<string, unknown>>();
  const bag = new Map<string, number>();
  const put = (row: Record<string, unknown> | null, count: number): void => {
    if (row === null) return;
    const text = rowText(row, columns);
    bag.set(text, (bag.get(text) ?? 0) + count);
  };
  for (const event of [...events].sort(byPosition)) {
    if (event.op === null) continue;
    if (event.op === 't') {
      rows.clear();
      bag.clear();
    } else if (event.key === null) {
      put(event.before, -1);
      put(event.after, 1);
    } else if (event.op === 'd') {
      rows.delete(printed(event.key));
    } else {
      const key = printed(event.key);
      const row: Record<string, unknown> = { ...event.after };
      // A value the log does not carry is the one the consumer already has.
      for (const name of event.unavailable) row[name] = rows.get(key)?.[name];
      rows.set(key, row);
    }
  }
  for (const row of rows.values()) put(row, 1);
  return [...bag]
    .flatMap(([text, count]) => {
      if (count < 0) throw new Error('a row was removed that was never there');
      return Array.from({ length: count }, () => text);
    })
    .sort();
}

/** What Postgres holds, in the same form, and the columns it has. */
export async function rowsOf(
  source: SourceUnderTest,
  table: string,
): Promise<{ columns: string[]; rows: string[] }> {
  const [schema, name] = table.split('.');
  const found = await source.sql<{ name: string; scale: number | null; type: string }>(
    `SELECT column_name AS name, data_type AS type, numeric_scale AS scale FROM information_schema.columns
     WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position`,
    [schema, name],
  );
  // A decimal is its unscaled whole number on the wire.
  const cells = found.map(({ name: column, type, scale }) =>
    type === 'numeric' ? `(${column} * 1e${scale})::bigint::text AS ${column}` : `${column}::text`,
  );
  const columns = found.map(({ name: column }) => column);
  const rows = await source.sql(`SELECT ${cells.join(', ')} FROM ${table}`);
  return { columns, rows: rows.map((row) => rowText(row, columns)).sort() };
}

function rowText(row: Record<string, unknown>, columns: readonly string[]): string {
  return printed(
    columns.map((column) =>
      row[column] === null || row[column] === undefined ? null : `${row[column] as string | number | bigint}`,
    ),
  );
}

function position(event: SeenEvent): readonly [number, bigint, bigint, number] {
  return [event.partition, event.offset, event.commitLsn, event.seq];
}
