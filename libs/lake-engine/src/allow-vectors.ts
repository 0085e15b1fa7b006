import { VECTORS_PROPERTY, type Action, type DeltaTable } from '@hasivu/delta';
import { setProperties } from './table-properties.ts';

/** Actions that let rows of the table be marked deleted; none where it has them. */
export function allowVectors(table: DeltaTable): Action[] {
  return setProperties(table, { [VECTORS_PROPERTY]: 'true' });
}
