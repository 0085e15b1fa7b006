import type { ColumnSchema } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { fieldFor } from './column-origin.ts';
import type { TableShape } from './table-shape.ts';
import type { TopicBinding } from './topic-binding.ts';

/**
 * Refuses rows without a value for a column of the table's key: it was renamed where columns are known by name alone, or
 * another column has taken its place. They would all be one row, with null in it.
 * @throws LAKE_KEY_CHANGED
 */
export function assertKeyFed(
  { rowFields, key }: TableShape,
  columns: readonly ColumnSchema[],
  { table, topic, mapsColumns }: TopicBinding,
): void {
  const fed = new Set(columns.map((column) => fieldFor(rowFields, column)?.name));
  const unfed = key.find((name) => !fed.has(name));
  if (unfed === undefined) return;
  const has = columns.map(({ name }) => name).join(', ');
  const why = mapsColumns
    ? 'another column has taken its place, or the events do not say what their columns are'
    : 'lake.columnMapping is never, so a renamed column is another one';
  throw new PlatformError('LAKE_KEY_CHANGED', {
    doing: `preparing the lake tables of ${table}`,
    why: `the key has the column "${unfed}", which is none of those that events of "${topic}" have now (${has}): ${why}`,
    context: { table, topic, column: unfed },
  });
}

/**
 * Refuses changes that are keyed by other columns than the table: a deletion names the columns of its own key only, and
 * would find no row by those of the table.
 * @param keyed names of the columns in the event's key
 * @throws LAKE_KEY_CHANGED
 */
export function assertSameKey(
  { rowFields, key }: TableShape,
  keyed: readonly string[],
  columns: readonly ColumnSchema[],
  { table, topic }: TopicBinding,
): void {
  const own = new Set(
    keyed.map((name) => {
      const column = columns.find((one) => one.name === name);
      return column === undefined ? undefined : fieldFor(rowFields, column)?.name;
    }),
  );
  if (own.size === key.length && key.every((name) => own.has(name))) return;
  throw new PlatformError('LAKE_KEY_CHANGED', {
    doing: `preparing the lake tables of ${table}`,
    why: `the table's key is (${key.join(', ')}), and events of "${topic}" are keyed by (${keyed.join(', ')}) now`,
    context: { table, topic },
  });
}
