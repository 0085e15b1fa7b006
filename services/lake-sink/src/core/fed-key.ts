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
