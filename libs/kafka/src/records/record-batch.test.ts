import { randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AbortedTransactions } from './aborted-transactions.ts';
import { BatchBuilder, type RecordHeaders } from './batch-builder.ts';
import { ATTRIBUTE, BATCH } from './batch-header.ts';
import { CODEC, packRecords, type Compression, type PackedRecords } from './codec.ts';
import { RecordCursor } from './record-cursor.ts';
import { measureRecordSet } from './record-set.ts';

interface PlainRecord {
  key: Buffer | null;
  value: Buffer | null;
  timestampMs: number;
  headers: [string, Buffer][];
}

const IDENTITY = { producerId: 77n, producerEpoch: 3 };
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  timestampMs: fc.integer({ min: 0, max: 4e12 }),
  headers: fc.uniqueArray(fc.tuple(fc.string(), bytes), { maxLength: 3, selector: ([name]) => name }),
});

/** What kafka-console-producer 4.1.2 wrote: key "id-1", value "hello", header trace:abc. */
const JAVA_BATCH =
  '00000000000000000000004b000000000267b9a806000000000000000001a205499f47000001a205499f47000000000000000e0000000000000000' +
  '0001320000000869642d310a68656c6c6f020a747261636506616263';
const JAVA_TIMESTAMP_MS = 1795385040711;

function builderOf(records: readonly PlainRecord[]): BatchBuilder {
  const builder = new BatchBuilder(1_000_000);
  for (const { key, value, timestampMs, headers } of records) {
    const fits = builder.append(
      key,
      0,
      key?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
      timestampMs,
      headers.length === 0 ? undefined : headers,
    );
    expect(fits).toBe(true);
  }
  return builder;
}

async function buildPacked(
  records: readonly PlainRecord[],
  compression: Compression,
  baseOffset: bigint,
): Promise<Buffer> {
  const builder = builderOf(records);
  const packed = compression === 'none' ? null : await packRecords(compression, builder.records);
  return seal(builder, packed, baseOffset);
}

function build(records: readonly PlainRecord[]): Buffer {
  return seal(builderOf(records), null, 0n);
}

function seal(builder: BatchBuilder, packed: PackedRecords | null, baseOffset: bigint): Buffer {
  const batch = Buffer.from(builder.seal(IDENTITY, 5, true, packed));
  batch.writeBigInt64BE(baseOffset, BATCH.baseOffset); // the broker's part; not under the checksum
  return batch;
}

function cursorOver(set: Buffer, fromOffset = 0n): RecordCursor {
  return new RecordCursor({ set, fromOffset, aborted: new AbortedTransactions(), where: '"t" partition 0' });
}

function readAll(cursor: RecordCursor): (PlainRecord & { offset: bigint })[] {
  const records: (PlainRecord & { offset: bigint })[] = [];
  while (cursor.next()) {
    records.push({
      key: cursor.copyKey(),
      value: cursor.copyValue(),
      timestampMs: cursor.timestampMs,
      headers: [...cursor.headers()],
      offset: cursor.offset,
    });
  }
  return records;
}

describe('record batches', () => {
  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'are read back as they were written (%s)',
    async (compression) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(record, { minLength: 1, maxLength: 20 }),
          fc.bigInt({ min: 0n, max: 2n ** 50n }),
          async (records, baseOffset) => {
            const read = readAll(cursorOver(await buildPacked(records, compression, baseOffset)));
            expect(read).toEqual(records.map((one, i) => ({ ...one, offset: baseOffset + BigInt(i) })));
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  test('records that do not get smaller stay plain, so that a batch never outgrows its bound', async () => {
    const noise = { key: null, value: randomBytes(5000), timestampMs: 1, headers: [] };
    const batch = await buildPacked([noise], 'snappy', 0n);
    expect(batch.readInt16BE(BATCH.attributes) & ATTRIBUTE.codecMask).toBe(CODEC.none);
    const zeros = { ...noise, value: Buffer.alloc(5000) };
    expect((await buildPacked([zeros], 'snappy', 0n)).length).toBeLessThan(500);
  });

  test('have the bytes that the protocol prescribes', () => {
    const batch = build([
      { key: Buffer.from('k'), value: null, timestampMs: 1000, headers: [['h', Buffer.from('v')]] },
    ]);
    // length 9: attributes, Δtimestamp, Δoffset, key (1) "k", value null, one header (1) "h" (1) "v"
    const body = '160000' + '00' + '026b' + '01' + '02' + '0268' + '0276';
    expect(batch.subarray(BATCH.records).toString('hex')).toBe(body);
    expect(batch.subarray(0, BATCH.crc).toString('hex')).toBe(
      '0000000000000000' + '0000003d' + 'ffffffff' + '02',
    );
    expect(batch.subarray(BATCH.attributes, BATCH.records).toString('hex')).toBe(
      '0010' + // transactional
        '00000000' +
        '00000000000003e8'.repeat(2) +
        '000000000000004d' +
        '0003' +
        '00000005' +
        '00000001',
    );
    expect(batch.readUInt32BE(BATCH.crc)).toBe(crc32c(batch.subarray(BATCH.attributes)));
  });

  test('a batch of a Java producer is read', () => {
    const [only, ...rest] = readAll(cursorOver(Buffer.from(JAVA_BATCH, 'hex')));
    expect(rest).toEqual([]);
    expect(only).toEqual({
      key: Buffer.from('id-1'),
      value: Buffer.from('hello'),
      headers: [['trace', Buffer.from('abc')]],
      timestampMs: JAVA_TIMESTAMP_MS,
      offset: 0n,
    });
  });

  test('records before the wanted offset are passed over, whole batches too', async () => {
    const one = (value: string): PlainRecord => ({
      key: null,
      value: Buffer.from(value),
      timestampMs: 1,
      headers: [],
    });
    const set = Buffer.concat([
      await buildPacked([one('a'), one('b')], 'none', 10n),
      await buildPacked([one('c'), one('d')], 'zstd', 12n),
    ]);
    expect(readAll(cursorOver(set, 13n)).map(({ offset }) => offset)).toEqual([13n]);
    expect(readAll(cursorOver(set, 11n)).map(({ offset }) => offset)).toEqual([11n, 12n, 13n]);
  });

  test('a cut-off last batch is left for the next fetch', async () => {
    const record = { key: null, value: Buffer.alloc(50), timestampMs: 1, headers: [] };
    const first = await buildPacked([record], 'none', 5n);
    for (let cut = 1; cut < first.length; cut++) {
      const set = Buffer.concat([first, first.subarray(0, cut)]);
      expect(measureRecordSet(set, 't')).toEqual({ completeBytes: first.length, nextOffset: 6n });
      expect(measureRecordSet(first.subarray(0, cut), 't')).toEqual({ completeBytes: 0, nextOffset: null });
    }
  });

  test('a flipped bit anywhere under the checksum is an error', () => {
    const batch = build([
      { key: Buffer.from('key'), value: Buffer.from('value'), timestampMs: 1, headers: [] },
    ]);
    for (let at: number = BATCH.crc; at < batch.length; at++) {
      const damaged = Buffer.from(batch);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(() => readAll(cursorOver(damaged))).toThrow('KAFKA_BATCH_CORRUPT');
    }
  });

  test('damaged records under a right checksum are an error and never an endless loop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (noise) => {
        const batch = build([{ key: null, value: Buffer.alloc(noise.length), timestampMs: 1, headers: [] }]);
        batch.set(noise.subarray(0, batch.length - BATCH.records), BATCH.records);
        batch.writeUInt32BE(crc32c(batch.subarray(BATCH.attributes)), BATCH.crc);
        const cursor = cursorOver(batch);
        try {
          while (cursor.next()) cursor.headers();
        } catch (error) {
          expect(String(error)).toContain('KAFKA_BATCH_CORRUPT');
        }
      }),
    );
  });

  test('an unknown codec and an old message format are named', () => {
    const batch = build([{ key: null, value: null, timestampMs: 1, headers: [] }]);
    batch.writeInt16BE(6, BATCH.attributes);
    batch.writeUInt32BE(crc32c(batch.subarray(BATCH.attributes)), BATCH.crc);
    expect(() => cursorOver(batch).next()).toThrow('codec number 6');
    batch.writeInt8(1, BATCH.magic);
    expect(() => measureRecordSet(batch, 't')).toThrow('KAFKA_FORMAT_TOO_OLD');
  });
});

describe('the batch builder', () => {
  const value = Buffer.alloc(1000, 1);
  const headers: RecordHeaders = [['a', 'b']];

  test('refuses what does not fit and stays as it was', () => {
    const builder = new BatchBuilder(2_100);
    expect(builder.append(null, 0, 0, value, 0, 1000, 1, headers)).toBe(true);
    expect(builder.append(null, 0, 0, value, 0, 1000, 1, headers)).toBe(true);
    const before = builder.size;
    expect(builder.append(null, 0, 0, value, 0, 1000, 1, headers)).toBe(false);
    expect(builder.size).toBe(before);
    expect(builder.seal(IDENTITY, 0, false, null).length).toBe(before);
  });

  test('is as good as new after a reset', () => {
    const builder = new BatchBuilder(100_000);
    builder.append(value, 0, 1000, value, 0, 1000, 9999, headers);
    builder.reset();
    builder.append(null, 0, 0, value, 10, 20, 5, undefined);
    const [only] = readAll(cursorOver(Buffer.from(builder.seal(IDENTITY, 0, false, null))));
    expect(only).toMatchObject({ key: null, value: value.subarray(10, 20), timestampMs: 5, headers: [] });
  });
});
