import type { ColumnType, ColumnValue } from '@hasivu/change-events';

import { parseDate, parseTime, parseTimestamp } from './calendar.ts';
import { checkPrecision, parseDecimal, rescale } from './exact-decimal.ts';
import { Fault } from './fault.ts';
import { checkInteger, type IntegerKind } from './integer-range.ts';

const TRUE = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const FALSE = new Set(['false', 'f', 'no', 'n', 'off', '0']);
const INTEGER_TEXT = /^[+-]?\d{1,40}$/;
const FLOAT_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How text becomes a value of this type; the function throws {@link Fault} for text that is none. Null for arrays. */
export function parserOf(type: ColumnType): ((text: string) => ColumnValue) | null {
  switch (type.kind) {
    case 'string':
      return (text) => text;
    case 'boolean':
      return parseBoolean;
    case 'int16':
    case 'int32':
      return smallInteger(type.kind);
    case 'int64':
      return (text) => checkInteger('int64', parseInteger(text));
    case 'float32':
      return (text) => finite(Math.fround(parseFloatText(text)), text);
    case 'float64':
      return (text) => finite(parseFloatText(text), text);
    case 'decimal': {
      const { precision, scale } = type;
      return (text) => {
        const parsed = parseDecimal(text.trim());
        if (!parsed) throw new Fault('not a number');
        return checkPrecision(rescale(parsed.unscaled, parsed.scale, scale), precision);
      };
    }
    case 'uuid':
      return parseUuid;
    case 'json':
      return parseJson;
    case 'bytes':
      return parseBytes;
    case 'date':
      return parseDate;
    case 'time':
      return parseTime;
    case 'timestamp':
      return (text) => parseTimestamp(text, false);
    case 'timestamptz':
      return (text) => parseTimestamp(text, true);
    case 'array':
      return null;
    default:
      return type satisfies never;
  }
}

function smallInteger(kind: IntegerKind): (text: string) => number {
  return (text) => Number(checkInteger(kind, parseInteger(text)));
}

function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new Fault('not a boolean');
}

function parseInteger(text: string): bigint {
  const trimmed = text.trim();
  if (!INTEGER_TEXT.test(trimmed)) throw new Fault('not a whole number');
  return BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
}

function parseFloatText(text: string): number {
  const trimmed = text.trim();
  if (FLOAT_TEXT.test(trimmed)) return Number(trimmed);
  switch (trimmed.toLowerCase()) {
    case 'nan':
      return NaN;
    case 'infinity':
    case 'inf':
      return Infinity;
    case '-infinity':
    case '-inf':
      return -Infinity;
    default:
      throw new Fault('not a number');
  }
}

function finite(value: number, text: string): number {
  if (!Number.isFinite(value) && /\d/.test(text)) throw new Fault('the number is out of range');
  return value;
}

function parseUuid(text: string): string {
  const lower = text.trim().toLowerCase();
  if (!UUID_TEXT.test(lower)) throw new Fault('not a UUID');
  return lower;
}

function parseJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    throw new Fault('not valid JSON');
  }
  return text;
}

function parseBytes(text: string): Buffer {
  if (!/^\\x(?:[0-9a-fA-F]{2})*$/.test(text)) throw new Fault('not bytes of the form \\x0aff');
  return Buffer.from(text.slice(2), 'hex');
}
