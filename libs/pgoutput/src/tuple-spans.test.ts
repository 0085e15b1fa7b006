import { isPlatformError } from '@hasivu/errors';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { SPAN_NULL, SPAN_UNCHANGED, TupleSpans } from './tuple-spans.ts';

type Column = string | null | undefined;

function tuple(columns: readonly Column[]): Buffer {
  const parts: Buffer[] = [Buffer.from([columns.length >> 8, columns.length & 255])];
  for (const column of columns) {
    if (column === null) parts.push(Buffer.from('n'));
    else if (column === undefined) parts.push(Buffer.from('u'));
    else {
      const bytes = Buffer.from(column);
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length);
      parts.push(Buffer.from('t'), length, bytes);
    }
  }
  return Buffer.concat(parts);
}

const columns = fc.array(fc.oneof(fc.string(), fc.constant(null), fc.constant(undefined)), { maxLength: 40 });

test('locates every column, wherever the row begins', () => {
  fc.assert(
    fc.property(columns, fc.nat(50), (row, offset) => {
      const bytes = tuple(row);
      const buf = Buffer.concat([Buffer.alloc(offset, 0x7a), bytes, Buffer.alloc(3, 0x7a)]);
      const spans = new TupleSpans(row.length);
      expect(spans.scan(buf, offset, offset + bytes.length)).toBe(offset + bytes.length);
      row.forEach((column, i) => {
        if (column === null) expect(spans.start(i)).toBe(SPAN_NULL);
        else if (column === undefined) expect(spans.start(i)).toBe(SPAN_UNCHANGED);
        else expect(buf.toString('utf8', spans.start(i), spans.end(i))).toBe(column);
      });
      expect(spans.unchanged).toBe(row.filter((column) => column === undefined).length);
    }),
  );
});

test('fills unchanged values from the old row', () => {
  const before = tuple(['1', 'long value', null]);
  const after = tuple(['1', undefined, undefined]);
  const buf = Buffer.concat([before, after]);
  const oldRow = new TupleSpans(3);
  const newRow = new TupleSpans(3);
  newRow.scan(buf, oldRow.scan(buf, 0, buf.length), buf.length);
  newRow.fillUnchanged(oldRow);
  expect(buf.toString('utf8', newRow.start(1), newRow.end(1))).toBe('long value');
  expect(newRow.isUnchanged(2)).toBe(true);
  expect(newRow.unchanged).toBe(1);
});

test.each([
  ['another number of columns', tuple(['a', 'b']), 3],
  ['an unknown kind', Buffer.from([0, 1, 0x71, 0, 0, 0, 0]), 1],
  ['a length beyond the message', Buffer.from([0, 1, 0x74, 0, 0, 0, 9, 1]), 1],
])('%s is a protocol error', (_, bytes, count) => {
  let thrown: unknown;
  try {
    new TupleSpans(count).scan(bytes, 0, bytes.length);
  } catch (error) {
    thrown = error;
  }
  expect(isPlatformError(thrown) && thrown.code).toBe('SOURCE_PROTOCOL');
});
