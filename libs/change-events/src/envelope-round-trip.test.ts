import { describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import fc from 'fast-check';

import { columns, rowOf } from './arbitraries.test-data.ts';
import { AvroBuffer } from './avro-buffer.ts';
import { AvroDecodeError } from './avro-decode-error.ts';
import { readColumn, type ColumnValue } from './column-reader.ts';
import type { ColumnSchema } from './column-type.ts';
import { writeColumn } from './column-writer.ts';
import { layoutOf } from './envelope-layout.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { envelopeSchema } from './envelope-schema.ts';
import { SourceBlockWriter, type SourceMoment } from './source-block.ts';

const moment: SourceMoment = {
  commitTsMs: 1_790_000_000_123,
  snapshot: 'false',
  txId: 4_000_000_000,
  lsnHi: 0x16,
  lsnLo: 0xb374d848,
  commitLsnHi: 0x16,
  commitLsnLo: 0xfffffff0,
  seq: 1_000_000_007,
};
const source = new SourceBlockWriter({
  version: '1',
  name: 'hasivu',
  database: 'db',
  schema: 'public',
  table: 'orders',
});

function encode(
  out: AvroBuffer,
  of: readonly ColumnSchema[],
  before: readonly ColumnValue[] | null,
  after: readonly ColumnValue[] | null,
): Buffer {
  out.reset();
  out.writeString('u');
  out.writePresent();
  out.writeLong(1_790_000_000_456);
  source.write(out, moment);
  out.writePresent();
  out.writeString('7:9');
  out.writeLong(3);
  out.writeLong(2);
  out.writePresent();
  out.writeLong(1);
  out.writeString('notes');
  out.writeByte(0);
  for (const row of [before, after]) {
    if (row === null) {
      out.writeNull();
    } else {
      out.writePresent();
      of.forEach((column, i) => writeColumn(out, column.type, row[i] as ColumnValue));
    }
  }
  return Buffer.from(out.bytes.subarray(0, out.pos));
}

function decodeRow(reader: EnvelopeReader, of: readonly ColumnSchema[], offset: number): ColumnValue[] {
  const cursor = reader.cursorAt(offset);
  return of.map((column) => readColumn(cursor, column.type));
}

// avsc as the foreign reader: longs as BigInt so that nothing is rounded on its side.
const long = avro.types.LongType.__with({
  fromBuffer: (buf: Buffer) => buf.readBigInt64LE(),
  toBuffer: (n: bigint) => {
    const buf = Buffer.alloc(8);
    buf.writeBigInt64LE(n);
    return buf;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (n: unknown) => typeof n === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

// An annotated long is a type of its own to avsc and would miss the exact one above, so annotations are taken off.
function foreignType(schema: object): avro.Type {
  const bare = JSON.parse(JSON.stringify(schema), (_, part: unknown) =>
    part !== null && typeof part === 'object' && 'logicalType' in part && 'type' in part ? part.type : part,
  ) as avro.Schema;
  return avro.Type.forSchema(bare, { registry: { long }, wrapUnions: false });
}

const sample = columns.chain((of) =>
  fc.record({ of: fc.constant(of), before: fc.option(rowOf(of)), after: fc.option(rowOf(of)) }),
);

describe('a change event in Avro', () => {
  test('every value comes back as it was written, for any columns and rows', () => {
    fc.assert(
      fc.property(sample, ({ of, before, after }) => {
        const bytes = encode(new AvroBuffer(16), of, before, after);
        const reader = new EnvelopeReader(
          layoutOf(JSON.stringify(envelopeSchema('hasivu.public.orders', of))),
        );
        reader.read(bytes, 0, bytes.length);
        expect(reader.layout.columns).toEqual(of);
        expect(String.fromCharCode(reader.op)).toBe('u');
        expect(reader.commitLsn).toBe((0x16n << 32n) | 0xfffffff0n);
        expect(reader.lsn).toBe((0x16n << 32n) | 0xb374d848n);
        expect([reader.seq, reader.txId, reader.commitTsMs, reader.tsMs]).toEqual([
          moment.seq,
          moment.txId,
          moment.commitTsMs,
          1_790_000_000_456,
        ]);
        expect(reader.unavailable).toEqual(['notes']);
        if (before === null) expect(reader.beforeOffset).toBe(-1);
        else expect(decodeRow(reader, of, reader.beforeOffset)).toEqual(before);
        if (after === null) expect(reader.afterOffset).toBe(-1);
        else expect(decodeRow(reader, of, reader.afterOffset)).toEqual(after);
      }),
    );
  });

  test('a foreign Avro reader sees the same values', () => {
    fc.assert(
      fc.property(sample, ({ of, before, after }) => {
        const bytes = encode(new AvroBuffer(16), of, before, after);
        const event = foreignType(envelopeSchema('hasivu.public.orders', of)).fromBuffer(bytes);
        expect(event.op).toBe('u');
        expect(event.source.commit_lsn).toBe((0x16n << 32n) | 0xfffffff0n);
        for (const [name, row] of Object.entries({ before, after })) {
          const seen = event[name] === null ? null : Object.values(event[name] as object);
          expect(seen === null).toBe(row === null);
          if (row !== null)
            expect(plain(seen as ColumnValue[])).toEqual(
              plain(row.map((value, i) => wire(of[i] as ColumnSchema, value))),
            );
        }
      }),
    );
  });

  test('damaged bytes are an AvroDecodeError, never a crash or a hang', () => {
    fc.assert(
      fc.property(sample, fc.nat(), fc.uint8Array({ maxLength: 3 }), ({ of, before, after }, at, noise) => {
        const bytes = encode(new AvroBuffer(16), of, before, after);
        const cut = Buffer.concat([bytes.subarray(0, at % bytes.length), Buffer.from(noise)]);
        const reader = new EnvelopeReader(layoutOf(JSON.stringify(envelopeSchema('n', of))));
        try {
          reader.read(cut, 0, cut.length);
          if (reader.afterOffset >= 0) decodeRow(reader, of, reader.afterOffset);
        } catch (error) {
          expect(error).toBeInstanceOf(AvroDecodeError);
        }
      }),
    );
  });

  test('another schema is refused by name', () => {
    expect(() => layoutOf('{"type":"record","name":"X","fields":[]}')).toThrow(/not a change event's schema/);
    expect(() => layoutOf('nonsense')).toThrow(AvroDecodeError);
  });
});

function wire(column: ColumnSchema, value: ColumnValue): ColumnValue {
  if (value === null) return null;
  if (column.type.kind === 'array') {
    const element = { ...column, type: column.type.element };
    return (value as ColumnValue[]).map((item) => wire(element, item));
  }
  if (column.type.kind !== 'decimal') return value;
  const hex = BigInt.asUintN(256, value as bigint)
    .toString(16)
    .padStart(64, '0');
  return Buffer.from(hex, 'hex');
}

// avsc gives decimals as the shortest bytes: widened here to 32 with the sign, so that both sides are comparable.
function plain(row: readonly ColumnValue[]): unknown[] {
  return row.map((value) =>
    Array.isArray(value)
      ? plain(value)
      : Buffer.isBuffer(value)
        ? value.toString('hex').replace(/^(00|ff)+/, '')
        : value,
  );
}
