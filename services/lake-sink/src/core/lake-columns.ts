import type { ColumnSchema, ColumnType } from '@hasivu/change-events';
import { arrayOf, field, type DeltaField, type DeltaType } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { withInitial } from './column-initial.ts';
import { withOrigin } from './column-origin.ts';
import { lakeName } from './lake-name.ts';

/** What a change log row says about the change, behind the row's own columns. */
export const LOG_COLUMNS: readonly DeltaField[] = [
  field('_op', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_txid', 'long'),
  field('_committed_at', 'timestamp'),
  field('_partition', 'integer'),
  field('_offset', 'long'),
  // Columns whose unchanged TOAST value Postgres did not send: null in this row, yet not null in the table.
  field('_unavailable', arrayOf('string')),
];

/** What a current-state row keeps of its last change: its position. */
export const STATE_COLUMNS: readonly DeltaField[] = [field('_lsn', 'long'), field('_seq', 'long')];

const OWN_NAMES = new Set(LOG_COLUMNS.map((own) => own.name));

/** Lake type of a column: Delta has no time of day, UUID or JSON type, so these are text. */
export function deltaTypeOf(type: ColumnType): DeltaType {
  switch (type.kind) {
    case 'boolean':
      return 'boolean';
    case 'int16':
      return 'short';
    case 'int32':
      return 'integer';
    case 'int64':
      return 'long';
    case 'float32':
      return 'float';
    case 'float64':
      return 'double';
    case 'string':
    case 'json':
    case 'uuid':
    case 'time':
      return 'string';
    case 'bytes':
      return 'binary';
    case 'date':
      return 'date';
    case 'timestamp':
      return 'timestamp_ntz';
    case 'timestamptz':
      return 'timestamp';
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'array':
      return arrayOf(deltaTypeOf(type.element));
    default:
      return type satisfies never;
  }
}

/** Row columns of a table in the lake. @throws LAKE_SCHEMA_INCOMPATIBLE when two columns would share a name */
export function lakeFields(columns: readonly ColumnSchema[], table: string): DeltaField[] {
  const seen = new Set<string>();
  return columns.map((column) => {
    const name = lakeName(column.name);
    if (OWN_NAMES.has(name.toLowerCase()) || seen.has(name.toLowerCase())) {
      throw new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
        doing: `planning the lake columns of ${table}`,
        why: `the column "${column.name}" has the name of another column there (names ignore case)`,
        context: { table, column: column.name },
      });
    }
    seen.add(name.toLowerCase());
    const metadata = column.pgType === '' ? {} : { pgType: column.pgType };
    const own = withOrigin(field(name, deltaTypeOf(column.type), metadata), column.origin ?? null);
    return column.initial === undefined ? own : withInitial(own, column.type, column.initial);
  });
}
