import { decimalText, type AvroCursor } from '@hasivu/change-events';
import type { AnyObject, JsonReader } from './avro-json.ts';

const MICROSECONDS_A_DAY = 86_400_000_000n;

/** Reader of a logical type, or null where the schema has none that is known: the plain type is read then. */
export function logicalJson(schema: AnyObject): JsonReader | null {
  switch (schema.logicalType) {
    case 'decimal':
      return schema.type === 'bytes'
        ? (cursor) => JSON.stringify(decimalText(unscaled(cursor), schema.scale ?? 0))
        : null;
    case 'date':
      return (cursor) => JSON.stringify(dateText(BigInt(cursor.readInt())));
    case 'time-micros':
      return (cursor) => JSON.stringify(timeText(cursor.readLongBigInt()));
    case 'timestamp-micros':
      return (cursor) => JSON.stringify(`${momentText(cursor.readLongBigInt())}Z`);
    case 'local-timestamp-micros':
      return (cursor) => JSON.stringify(momentText(cursor.readLongBigInt()));
    case 'timestamp-millis':
      return (cursor) => JSON.stringify(`${momentText(cursor.readLongBigInt() * 1000n)}Z`);
    default:
      return null;
  }
}

function unscaled(cursor: AvroCursor): bigint {
  cursor.readBytes();
  const hex = cursor.buf.toString('hex', cursor.start, cursor.stop);
  return hex === '' ? 0n : BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
}

/** Days since 1970 as a date. Beyond what a JavaScript date can hold (infinity among it) the number stands as it is. */
function dateText(days: bigint): string {
  const date = new Date(Number(days) * 86_400_000);
  return Number.isNaN(date.getTime()) ? String(days) : date.toISOString().replace(/T.*$/, '');
}

function timeText(microseconds: bigint): string {
  const seconds = microseconds / 1_000_000n;
  const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const fraction = microseconds % 1_000_000n;
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(6, '0')}`;
}

function momentText(microseconds: bigint): string {
  const clock = ((microseconds % MICROSECONDS_A_DAY) + MICROSECONDS_A_DAY) % MICROSECONDS_A_DAY;
  return `${dateText((microseconds - clock) / MICROSECONDS_A_DAY)}T${timeText(clock)}`;
}
