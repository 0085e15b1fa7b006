import { createHash } from 'node:crypto';
import { AvroCursor, type ColumnSchema } from '@hasivu/change-events';
import { ColumnMapping, field } from '@hasivu/delta';
import { pageCompression } from '../src/core/page-compression.ts';
import { RowFile } from '../src/core/row-file.ts';
import { fileFields, type TableShape } from '../src/core/table-shape.ts';

/** A table with one wide column; `part` is one of a few texts. */
export const WIDE_SHAPE: TableShape = {
  rowFields: [field('id', 'long'), field('part', 'string'), field('big', 'string')],
  partitions: [],
  key: ['id'],
};

const COLUMNS: readonly ColumnSchema[] = [
  { name: 'id', type: { kind: 'int64' }, pgType: 'bigint' },
  { name: 'part', type: { kind: 'string' }, pgType: 'text' },
  { name: 'big', type: { kind: 'string' }, pgType: 'text' },
];

export interface WideChange {
  readonly id: number;
  readonly op: 'c' | 'u';
  readonly lsn: number;
}

/** The value that a change gives the row, of about `bytes`: it compresses, as wide texts do. */
export function wideValue({ id, lsn }: WideChange, bytes: number): string {
  const word = createHash('md5').update(`${id} ${lsn}`).digest('hex');
  return word.repeat(Math.ceil(bytes / word.length));
}

export function partOf({ id }: WideChange): string {
  return `part ${id % 3}`;
}

/** The changes as a batch's file holds them, in this order; each has the next offset of Kafka partition 0. */
export function wideFile(
  shape: TableShape,
  changes: readonly WideChange[],
  bytes: number,
  offset: number,
): Buffer {
  const file = new RowFile(fileFields(shape), {}, pageCompression('zstd'), ColumnMapping.NONE);
  const cursor = new AvroCursor();
  const facts = { op: Buffer.from('c'), lsnHi: 0, lsnLo: 0, seq: 0, txId: 1, committedMs: 0, partition: 0 };
  changes.forEach((change, at) => {
    const row = avroRow(change, wideValue(change, bytes));
    file.append(COLUMNS, cursor.reset(row, 0, row.length), {
      ...facts,
      op: Buffer.from(change.op),
      lsnLo: change.lsn,
      seq: at,
      committedMs: change.lsn * 1000,
      offset: offset + at,
      unavailable: [],
    });
  });
  return file.finish().bytes;
}

function avroRow(change: WideChange, big: string): Buffer {
  const parts: Buffer[] = [];
  const long = (value: number): void => {
    let rest = value * 2;
    const bytes: number[] = [];
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    parts.push(Buffer.from([...bytes, rest]));
  };
  const text = (value: string): void => {
    long(1);
    long(Buffer.byteLength(value));
    parts.push(Buffer.from(value));
  };
  long(1);
  long(change.id);
  text(partOf(change));
  text(big);
  return Buffer.concat(parts);
}
