import { avroName, avroTypeOf, namespaceOf, type AvroSchema, type ColumnType } from '@hasivu/change-events';

/** One message on its way from a row or a logical message to a record. */
export interface OutboxMessage {
  readonly topic: string;
  readonly key: Buffer | null;
  /** null for a record without a value. */
  readonly value: Buffer | null;
  /** Schema of `value`, which is then to be framed; null for raw bytes. */
  readonly schema: string | null;
  readonly headers: readonly (readonly [string, Buffer])[];
  /** Partition that the message asks for, or -1 where its key decides. */
  readonly partition: number;
  readonly timestampMs: number;
}

/** A value of a row or of a logical message. */
export type OutboxValue = string | number | bigint | boolean | Buffer | null | readonly OutboxValue[];

/** The text that a header or a key carries; bytes stay as they are. */
export function bytesOf(value: OutboxValue): Buffer | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  return Buffer.from(
    Array.isArray(value) ? jsonOf(value) : String(value as string | number | bigint | boolean),
  );
}

/** JSON text of a value: integers of any size as numbers, bytes in base64. */
export function jsonOf(value: OutboxValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('base64'));
  if (Array.isArray(value)) return `[${value.map((item) => jsonOf(item as OutboxValue)).join(',')}]`;
  return JSON.stringify(value);
}

/** Debezium's test: nothing, or nothing but white space. */
export function isEmptyPayload(payload: OutboxValue): boolean {
  return payload === null || (typeof payload === 'string' && payload.trim() === '');
}

/** A payload as a member of a JSON object: the document itself where that is asked for and it is one. */
export function payloadJson(payload: OutboxValue, expand: boolean): string {
  if (!expand || typeof payload !== 'string' || !/^[{[]/.test(payload)) return jsonOf(payload);
  try {
    JSON.parse(payload);
    return payload;
  } catch {
    return jsonOf(payload);
  }
}

/** Schema of the values of a topic: the payload's own type, or a record of the payload and the columns beside it. */
export function valueSchemaOf(
  topic: string,
  payload: ColumnType,
  envelope: readonly { readonly name: string; readonly type: ColumnType }[],
): AvroSchema {
  if (envelope.length === 0) return avroTypeOf(payload);
  const field = (name: string, type: ColumnType) => ({
    name: avroName(name),
    type: ['null', avroTypeOf(type)],
    default: null,
  });
  return {
    type: 'record',
    name: 'Envelope',
    namespace: namespaceOf([topic]),
    fields: [field('payload', payload), ...envelope.map(({ name, type }) => field(name, type))],
  };
}
