import {
  arrayText,
  multirangeText,
  rangeText,
  recordText,
  textOfHstore,
  vectorText,
} from './binary-container-text.ts';
import { textOfFloat4, textOfFloat8 } from './binary-float-text.ts';
import {
  textOfBox,
  textOfCircle,
  textOfLine,
  textOfPath,
  textOfPoint,
  textOfPolygon,
  textOfSegment,
} from './binary-geometry-text.ts';
import { textOfInet, textOfMac } from './binary-network-text.ts';
import { textOfNumeric } from './binary-numeric-text.ts';
import {
  textOfBits,
  textOfBoolean,
  textOfBytea,
  textOfChar,
  textOfInt16,
  textOfInt32,
  textOfInt64,
  textOfLsn,
  textOfMoney,
  textOfSnapshot,
  textOfTid,
  textOfUint32,
  textOfUint64,
  textOfUuid,
} from './binary-plain-text.ts';
import { textOfTsquery, textOfTsvector } from './binary-search-text.ts';
import {
  textOfDate,
  textOfInterval,
  textOfTime,
  textOfTimestamp,
  textOfTimestamptz,
  textOfTimetz,
} from './binary-temporal-text.ts';
import { textOfBytes, textOfVersioned, type BinaryText } from './binary-text.ts';
import type { PgType, TypeLookup } from './pg-type.ts';
import { unknownBinary } from './unknown-binary.ts';

/**
 * By the C function that sends the type, which is what decides the form: `citext` sends as `text` does. Missing on
 * purpose: `reg*` types, which send a number for what prints as a name.
 */
const BY_SEND: Readonly<Record<string, BinaryText>> = {
  boolsend: textOfBoolean,
  byteasend: textOfBytea,
  charsend: textOfChar,
  int2send: textOfInt16,
  int4send: textOfInt32,
  int8send: textOfInt64,
  int2vectorsend: vectorText(textOfInt16),
  oidvectorsend: vectorText(textOfUint32),
  oidsend: textOfUint32,
  xidsend: textOfUint32,
  cidsend: textOfUint32,
  xid8send: textOfUint64,
  tidsend: textOfTid,
  float4send: textOfFloat4,
  float8send: textOfFloat8,
  numeric_send: textOfNumeric,
  cash_send: textOfMoney,
  textsend: textOfBytes,
  bpcharsend: textOfBytes,
  varcharsend: textOfBytes,
  namesend: textOfBytes,
  enum_send: textOfBytes,
  json_send: textOfBytes,
  xml_send: textOfBytes,
  jsonb_send: textOfVersioned,
  jsonpath_send: textOfVersioned,
  uuid_send: textOfUuid,
  date_send: textOfDate,
  time_send: textOfTime,
  timetz_send: textOfTimetz,
  timestamp_send: textOfTimestamp,
  timestamptz_send: textOfTimestamptz,
  interval_send: textOfInterval,
  bit_send: textOfBits,
  varbit_send: textOfBits,
  inet_send: textOfInet,
  cidr_send: textOfInet,
  macaddr_send: textOfMac,
  macaddr8_send: textOfMac,
  point_send: textOfPoint,
  line_send: textOfLine,
  lseg_send: textOfSegment,
  box_send: textOfBox,
  path_send: textOfPath,
  poly_send: textOfPolygon,
  circle_send: textOfCircle,
  tsvectorsend: textOfTsvector,
  tsquerysend: textOfTsquery,
  pg_lsn_send: textOfLsn,
  pg_snapshot_send: textOfSnapshot,
  'hstore:hstore_send': textOfHstore,
  'ltree:ltree_send': textOfVersioned,
  'ltree:lquery_send': textOfVersioned,
  'ltree:ltxtq_send': textOfVersioned,
};

/** Prints values of a type from their binary form, or null where the form of it, or of a part of it, is not known. */
export function binaryTextOf(oid: number, lookup: TypeLookup): BinaryText | null {
  const type = lookup(oid);
  if (!type) return null;
  if (type.kind === 'd') return binaryTextOf(type.baseOid, lookup);
  switch (type.send) {
    case 'array_send':
      return arrayTextOf(type, lookup);
    case 'range_send':
      return wrap(rangeText, binaryTextOf(type.partOids[0] ?? 0, lookup));
    case 'multirange_send':
      return wrap(multirangeText, binaryTextOf(type.partOids[0] ?? 0, lookup));
    case 'record_send':
      return recordTextOf(type, lookup);
    default:
      return BY_SEND[type.send] ?? null;
  }
}

function wrap(around: (part: BinaryText) => BinaryText, part: BinaryText | null): BinaryText | null {
  return part && around(part);
}

function arrayTextOf(type: PgType, lookup: TypeLookup): BinaryText | null {
  const element = lookup(type.elementOid);
  const text = binaryTextOf(type.elementOid, lookup);
  return element && text ? arrayText(text, element.delimiter) : null;
}

function recordTextOf(type: PgType, lookup: TypeLookup): BinaryText | null {
  const known = new Map<number, BinaryText>();
  for (const oid of type.partOids) {
    const text = binaryTextOf(oid, lookup);
    if (!text) return null;
    known.set(oid, text);
  }
  return recordText((oid) => known.get(oid) ?? unknownBinary(`a composite's field of the type ${oid}`));
}
