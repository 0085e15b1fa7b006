import type { ColumnType } from '@hasivu/change-events';

import type { ColumnEncoder } from './column-encoder.ts';
import { arrayTextEncoder } from './text-array.ts';
import { encodeBooleanText, encodeHexText, encodeStringText } from './text-bytes.ts';
import { decimalTextEncoder } from './text-decimal.ts';
import { encodeFloat32Text, encodeFloat64Text } from './text-float.ts';
import { encodeInt32Text, encodeInt64Text } from './text-integer.ts';
import { encodeDateText, encodeTimestampText, encodeTimeText } from './text-temporal.ts';

/** Encoder from Postgres' text representation; the session must run with the settings of `SESSION_SETTINGS`. */
export function textEncoderFor(type: ColumnType): ColumnEncoder {
  switch (type.kind) {
    case 'boolean':
      return encodeBooleanText;
    case 'int16':
    case 'int32':
      return encodeInt32Text;
    case 'int64':
      return encodeInt64Text;
    case 'float32':
      return encodeFloat32Text;
    case 'float64':
      return encodeFloat64Text;
    case 'string':
    case 'json':
    case 'uuid':
      return encodeStringText;
    case 'bytes':
      return encodeHexText;
    case 'date':
      return encodeDateText;
    case 'time':
      return encodeTimeText;
    case 'timestamp':
    case 'timestamptz':
      return encodeTimestampText;
    case 'decimal':
      return decimalTextEncoder(type.scale);
    case 'array':
      return arrayTextEncoder(textEncoderFor(type.element));
    default:
      return type satisfies never;
  }
}
