import type { DeltaField } from '@hasivu/delta';
import { LOG_COLUMNS } from './lake-columns.ts';
import type { ChangePosition } from './change-position.ts';
import type { GeneratedColumn } from './generated-columns.ts';
import { derivedFields, type PartitionColumn } from './partition-spec.ts';

/** What a lake table's rows look like at one moment; replaced, never changed. */
export interface TableShape {
  /** The row's own columns, in the lake's order. */
  readonly rowFields: readonly DeltaField[];
  readonly partitions: readonly PartitionColumn[];
  /** Lake names of the key columns; empty where the table has no key. */
  readonly key: readonly string[];
  /** The state table's columns of the row, where it lacks some: it follows when the source drops them. */
  readonly stateFields?: readonly DeltaField[];
  /** First change that had these columns; changes before it can have other ones, and are put into these. */
  readonly columnsAt?: ChangePosition | null;
  /** Of a batch: by column with an initial value the last change of before the column. All that have it are later. */
  readonly lackedUpTo?: ReadonlyMap<string, ChangePosition>;
  /** Of a batch: somebody else's columns, with a default or new to the sink, that none of its changes has a value for. */
  readonly unsent?: readonly string[];
  /** Of a merge: columns of the state table that its rows have computed. */
  readonly generated?: readonly GeneratedColumn[];
}

/** The same with the columns that the state table has. */
export function stateShape(shape: TableShape): TableShape {
  return shape.stateFields === undefined ? shape : { ...shape, rowFields: shape.stateFields };
}

/** Columns of a batch file: the row without what names its partition, then the change's own columns. */
export function fileFields(shape: TableShape): DeltaField[] {
  const outside = new Set(
    shape.partitions.filter((part) => part.transform === 'identity').map((part) => part.name),
  );
  return [...shape.rowFields.filter((own) => !outside.has(own.name)), ...LOG_COLUMNS];
}

/** Columns of the table: the row's, the added ones, and the partition columns that the row does not have. */
export function tableFields(shape: TableShape, added: readonly DeltaField[]): DeltaField[] {
  return [...shape.rowFields, ...added, ...derivedFields(shape.partitions)];
}
