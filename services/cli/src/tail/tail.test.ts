import { envelopeSchema, wireHeader } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import { createPaint } from '../terminal/paint.ts';
import { PayloadDecoder, plainJson } from './payload-decoder.ts';
import { recordJson, recordText } from './record-format.ts';
import { resolveTopic } from './topic-name.ts';

const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left === right ? 0 : left < right ? -1 : 1),
});

/** avsc takes the type of a plain `long` and of every logical type over it from here. */
const longHook = (schema: unknown): avro.Type | undefined =>
  schema === 'long' || (schema as { type?: unknown }).type === 'long' ? LONG : undefined;

/** Encoded by avsc, which nobody here wrote. */
function encode(schema: unknown, value: unknown): { bytes: Buffer; decoder: PayloadDecoder } {
  const type = avro.Type.forSchema(schema as avro.Schema, { typeHook: longHook, wrapUnions: true });
  const bytes = Buffer.concat([wireHeader(7), type.toBuffer(value)]);
  return { bytes, decoder: new PayloadDecoder({ schemaOf: () => Promise.resolve(JSON.stringify(schema)) }) };
}

describe('decoding Avro', () => {
  test('keeps every digit and reads logical types', async () => {
    const schema = {
      type: 'record',
      name: 'R',
      namespace: 'n.s',
      fields: [
        { name: 'big', type: 'long' },
        { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
        { name: 'day', type: { type: 'int', logicalType: 'date' } },
        { name: 'clock', type: { type: 'long', logicalType: 'time-micros' } },
        { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
        { name: 'local', type: { type: 'long', logicalType: 'local-timestamp-micros' } },
        { name: 'single', type: 'float' },
        { name: 'nan', type: 'double' },
        { name: 'raw', type: 'bytes' },
        { name: 'list', type: { type: 'array', items: ['null', 'string'] } },
        { name: 'map', type: { type: 'map', values: 'int' } },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
        { name: 'again', type: ['null', 'n.s.R'] },
      ],
    };
    const row = (again: unknown) => ({
      big: -9007199254740993n,
      price: Buffer.from([0xff, 0x85]),
      day: -1,
      clock: 43_200_000_001n,
      at: { long: -1n },
      local: 1_780_281_000_000_000n,
      single: Math.fround(3.1),
      nan: NaN,
      raw: Buffer.from([0, 255]),
      list: [null, { string: 'a"b' }],
      map: { x: 1 },
      kind: 'B',
      again,
    });
    const { bytes, decoder } = encode(schema, row({ 'n.s.R': row(null) }));
    const text = (again: string): string =>
      `{"big":-9007199254740993,"price":"-1.23","day":"1969-12-31","clock":"12:00:00.000001","at":"1969-12-31T23:59:59.999999Z","local":"2026-06-01T02:30:00","single":3.1,"nan":"NaN","raw":"\\\\x00ff","list":[null,"a\\"b"],"map":{"x":1},"kind":"B","again":${again}}`;
    expect(await decoder.decode(bytes)).toBe(text(text('null')));
  });

  test('a change event reads as its operation and row', async () => {
    const schema = envelopeSchema('h.public.t', [{ name: 'id', type: { kind: 'int64' }, pgType: 'int8' }]);
    const source = {
      version: '1',
      connector: 'postgresql',
      name: 'h',
      ts_ms: 1n,
      snapshot: 'false',
      db: 'd',
      sequence: null,
      schema: 'public',
      table: 't',
      txId: null,
      lsn: null,
      xmin: null,
      commit_lsn: 5n,
      seq: 1n,
    };
    const { bytes, decoder } = encode(schema, {
      op: 'u',
      ts_ms: null,
      source,
      transaction: null,
      unavailable: null,
      before: null,
      after: { 'h.public.t.Value': { id: { long: 9007199254740993n } } },
    });
    const value = await decoder.decode(bytes);
    const record = {
      topic: 'h.public.t',
      partition: 3,
      offset: 12n,
      timestampMs: 0,
      key: '{"id":9007199254740993}',
      value,
      headers: new Map([['x', '"y"']]),
    };
    expect(recordText(record, createPaint({ isTty: false, env: {} }))).toBe(
      '3@12 1970-01-01T00:00:00.000Z {"id":9007199254740993} update {"id":9007199254740993} x="y"',
    );
    expect(JSON.parse(recordJson(record))).toMatchObject({
      offset: 12,
      value: { op: 'u', after: { id: expect.anything() } },
      headers: { x: 'y' },
    });
  });

  test('bytes that are no Avro after all are shown as what they are', async () => {
    const cut = encode('string', 'abc').bytes.subarray(0, 6);
    expect(await encode('string', 'abc').decoder.decode(cut)).toBe(
      '"\\u0000\\u0000\\u0000\\u0000\\u0007\\u0006"',
    );
    const unknown = new PayloadDecoder({ schemaOf: () => Promise.reject(new Error('no such id')) });
    expect(await unknown.decode(Buffer.from([0, 0, 0, 0, 9, 255]))).toBe('"\\\\x0000000009ff"');
    expect(await unknown.decode(null)).toBe('null');
  });

  test('a registry that cannot be reached is an error, not a value', async () => {
    const down = new PayloadDecoder({
      schemaOf: () => Promise.reject(new PlatformError('KAFKA_UNAVAILABLE', { doing: 'testing' })),
    });
    await expect(down.decode(wireHeader(1))).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });

  test('JSON keeps its digits and loses its line breaks; text and bytes become strings', () => {
    expect(plainJson(Buffer.from('{\n  "id": 9007199254740993\n}\n'))).toBe('{ "id": 9007199254740993 }');
    expect(plainJson(Buffer.from('no json'))).toBe('"no json"');
    expect(plainJson(Buffer.from([0xff]))).toBe('"\\\\xff"');
  });
});

describe('the topic that is meant', () => {
  const topics = ['hasivu.public.orders', 'hasivu.public.orders.quarantine', 'other'];

  test('with and without the prefix', () => {
    expect(resolveTopic('hasivu.public.orders', ['hasivu'], topics)).toBe('hasivu.public.orders');
    expect(resolveTopic('public.orders.quarantine', ['hasivu'], topics)).toBe(
      'hasivu.public.orders.quarantine',
    );
    expect(resolveTopic('other', ['hasivu'], topics)).toBe('other');
  });

  test('of several databases, the one that has it; where several have it, the name in full', () => {
    const prefixes = ['hasivu', 'hasivu.north', 'else'];
    const existing = [...topics, 'hasivu.north.shop.items', 'hasivu.north.public.a', 'else.public.a'];
    expect(resolveTopic('shop.items', prefixes, existing)).toBe('hasivu.north.shop.items');
    expect(resolveTopic('north.public.a', prefixes, existing)).toBe('hasivu.north.public.a');
    expect(() => resolveTopic('public.a', prefixes, existing)).toThrow(
      /several databases have one: hasivu\.north\.public\.a, else\.public\.a/,
    );
  });

  test('an unknown one is an error that lists the near ones', () => {
    expect(() => resolveTopic('orders', ['hasivu'], topics)).toThrow(
      /CLI_TOPIC_UNKNOWN .*hasivu\.public\.orders, hasivu\.public\.orders\.quarantine/,
    );
    expect(() => resolveTopic('x', ['none'], topics)).toThrow(/none with the prefix none/);
  });
});
