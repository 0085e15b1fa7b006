import type { Paint } from '../terminal/paint.ts';

/** One record, its key and value as JSON text. */
export interface DecodedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: string;
  readonly value: string;
  /** Header values as JSON text. */
  readonly headers: ReadonlyMap<string, string>;
}

/** One JSON object a line; key and value are objects, not text in text. */
export function recordJson(record: DecodedRecord): string {
  const headers = [...record.headers].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  const time = JSON.stringify(new Date(record.timestampMs).toISOString());
  return `{"topic":${JSON.stringify(record.topic)},"partition":${record.partition},"offset":${record.offset},"timestamp":${time},"key":${record.key},"value":${record.value},"headers":{${headers}}}`;
}

/** For people: where and when, then key, value and headers. A change event shows its operation and the row. */
export function recordText(record: DecodedRecord, paint: Paint): string {
  const place = paint.dim(
    `${record.partition}@${record.offset} ${new Date(record.timestampMs).toISOString()}`,
  );
  const headers = [...record.headers].map(([name, value]) => `${name}=${value}`).join(' ');
  return [
    place,
    paint.cyan(record.key),
    bodyText(record.value, paint),
    ...(headers ? [paint.dim(headers)] : []),
  ].join(' ');
}

const OPERATIONS: Readonly<Record<string, string>> = {
  r: 'read',
  c: 'insert',
  u: 'update',
  d: 'delete',
  t: 'truncate',
  m: 'message',
};
/** The envelope's fields come in this order, so that the row can be cut out of the text with no digit touched. */
const ENVELOPE = /^\{"op":"([rcudtm])".*?"before":(null|\{.*\}),"after":(null|\{.*\})\}$/s;

function bodyText(value: string, paint: Paint): string {
  if (value === 'null') return paint.dim('tombstone');
  const envelope = ENVELOPE.exec(value);
  if (!envelope) return value;
  const [, op = '', before = 'null', after = 'null'] = envelope;
  return `${paint.bold(OPERATIONS[op] ?? op)} ${after === 'null' ? before : after}`;
}
