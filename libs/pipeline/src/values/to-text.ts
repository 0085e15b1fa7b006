import { decimalText, type ColumnType, type ColumnValue } from '@hasivu/change-events';

import { formatDate, formatTime, formatTimestamp } from './calendar.ts';
import { formatFloat } from './float-text.ts';

/** How a non-null value of this type is printed, as Postgres prints it (timestamptz in UTC); null for arrays. */
export function textOf(type: ColumnType): ((value: ColumnValue) => string) | null {
  switch (type.kind) {
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'string':
    case 'json':
    case 'uuid':
      return String;
    case 'float32':
      return (value) => formatFloat(value as number, true);
    case 'float64':
      return (value) => formatFloat(value as number, false);
    case 'bytes':
      return (value) => `\\x${(value as Buffer).toString('hex')}`;
    case 'date':
      return (value) => formatDate(value as number);
    case 'time':
      return (value) => formatTime(value as bigint);
    case 'timestamp':
      return (value) => formatTimestamp(value as bigint, '');
    case 'timestamptz':
      return (value) => formatTimestamp(value as bigint, '+00');
    case 'decimal': {
      const { scale } = type;
      return (value) => decimalText(value as bigint, scale);
    }
    case 'array':
      return null;
    default:
      return type satisfies never;
  }
}
