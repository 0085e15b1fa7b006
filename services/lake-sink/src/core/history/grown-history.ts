import { unmappedField, type DeltaStruct } from '@hasivu/delta';
import { LOG_COLUMNS } from '../lake-columns.ts';
import type { HistoryRows } from './history-form.ts';
import { historyFields, rowFieldsOf, type HistoryLayout } from './history-layout.ts';

/**
 * A layout with the columns that another writer has added to a history's table. No change has a value for them, so a
 * version has what the one before it had, or null where the row begins; they open no version.
 * @param schema of the table that is written
 */
export function withGrownHistory(
  layout: HistoryLayout,
  rows: HistoryRows,
  { fields }: DeltaStruct,
): HistoryLayout {
  const own = [...historyFields(layout, rows), ...rowFieldsOf(layout, 'all'), ...LOG_COLUMNS];
  const known = new Set(own.map(({ name }) => name.toLowerCase()));
  const grown = fields.filter(({ name }) => !known.has(name.toLowerCase())).map(unmappedField);
  if (grown.length === 0) return layout;
  const { shape } = layout;
  const unsent = [...(shape.unsent ?? []), ...grown.map(({ name }) => name)];
  return { ...layout, shape: { ...shape, rowFields: [...shape.rowFields, ...grown], unsent } };
}
