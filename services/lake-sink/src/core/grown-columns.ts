import { unmappedField, type DeltaField, type DeltaStruct } from '@hasivu/delta';
import { STATE_COLUMNS } from './lake-columns.ts';
import type { TableShape } from './table-shape.ts';

/**
 * A batch's shape with the columns that another writer has added to the state table since. No change has a value for
 * them; a file that was written without them would lose those that its rows had.
 */
export function withGrownColumns(shape: TableShape, { fields }: DeltaStruct): TableShape {
  const known = new Set(
    [
      ...shape.rowFields,
      ...STATE_COLUMNS,
      ...shape.partitions,
      ...(shape.generated ?? []).map(({ own }) => own),
    ].map((own) => own.name.toLowerCase()),
  );
  const grown: DeltaField[] = fields.filter((own) => !known.has(own.name.toLowerCase())).map(unmappedField);
  if (grown.length === 0) return shape;
  return {
    ...shape,
    rowFields: [...shape.rowFields, ...grown],
    unsent: [...(shape.unsent ?? []), ...grown.map((own) => own.name)],
  };
}
