import { expect, test } from '@jest/globals';
import type { ColumnSchema, ColumnType, TableSchema } from '@hasivu/change-events';
import { ChangeFeed, type Row } from './change-feed.ts';
import { SinkFixture } from './sink-fixture.ts';

const column = (name: string, type: ColumnType): ColumnSchema => ({ name, type, pgType: name });
const columns: ColumnSchema[] = [
  column('id', { kind: 'uuid' }),
  column('bool', { kind: 'boolean' }),
  column('small', { kind: 'int16' }),
  column('whole', { kind: 'int32' }),
  column('big', { kind: 'int64' }),
  column('real', { kind: 'float32' }),
  column('double', { kind: 'float64' }),
  column('text', { kind: 'string' }),
  column('bytes', { kind: 'bytes' }),
  column('json', { kind: 'json' }),
  column('day', { kind: 'date' }),
  column('clock', { kind: 'time' }),
  column('local', { kind: 'timestamp' }),
  column('instant', { kind: 'timestamptz' }),
  column('money', { kind: 'decimal', precision: 9, scale: 2 }),
  column('price', { kind: 'decimal', precision: 18, scale: 4 }),
  column('huge', { kind: 'decimal', precision: 38, scale: 10 }),
  column('longs', { kind: 'array', element: { kind: 'int64' } }),
  column('words', { kind: 'array', element: { kind: 'string' } }),
  column('prices', { kind: 'array', element: { kind: 'decimal', precision: 10, scale: 2 } }),
  column('moments', { kind: 'array', element: { kind: 'timestamptz' } }),
];
const table: TableSchema = { database: 'db', schema: 'public', table: 'kinds', columns, key: ['id'] };

const sent: Row[] = [
  {
    id: '00000000-0000-0000-0000-000000000001',
    bool: true,
    small: -32768,
    whole: 2147483647,
    big: 9223372036854775807n,
    real: 1.5,
    double: -0.1,
    text: 'naïve 🙂 "quote" \\ \n',
    bytes: Buffer.from([0, 255, 1]),
    json: '{"a": [1, null]}',
    day: -719162,
    clock: 86_399_999_999n,
    local: -1n,
    instant: 253402300799999999n,
    money: -999999999n,
    price: 999999999999999999n,
    huge: -(10n ** 38n - 1n),
    longs: [1n, null, -9223372036854775808n],
    words: [],
    prices: [123n, -5n, null],
    moments: [0n],
  },
  {
    ...Object.fromEntries(columns.map(({ name }) => [name, null])),
    id: '00000000-0000-0000-0000-000000000002',
  },
  {
    ...Object.fromEntries(columns.map(({ name }) => [name, null])),
    id: '00000000-0000-0000-0000-000000000003',
    double: NaN,
    real: Infinity,
    text: '',
    bytes: Buffer.alloc(0),
    huge: 0n,
    words: ['', null, 'é'],
    clock: 0n,
  },
];

/** What deltalake must say, in the form `readDelta` prints it. */
const nothing = Object.fromEntries(columns.map(({ name }) => [name, null]));
const expected = [
  {
    id: '00000000-0000-0000-0000-000000000001',
    bool: true,
    small: '-32768',
    whole: '2147483647',
    big: '9223372036854775807',
    real: '1.5',
    double: '-0.1',
    text: 'naïve 🙂 "quote" \\ \n',
    bytes: '00FF01',
    json: '{"a": [1, null]}',
    day: '0001-01-01',
    clock: '23:59:59.999999',
    local: '1969-12-31T23:59:59.999999',
    instant: '9999-12-31T23:59:59.999999+00:00',
    money: '-9999999.99',
    price: '99999999999999.9999',
    huge: '-9999999999999999999999999999.9999999999',
    longs: ['1', null, '-9223372036854775808'],
    words: [],
    prices: ['1.23', '-0.05', null],
    moments: ['1970-01-01T00:00:00+00:00'],
  },
  { ...nothing, id: '00000000-0000-0000-0000-000000000002' },
  {
    ...nothing,
    id: '00000000-0000-0000-0000-000000000003',
    double: 'nan',
    real: 'inf',
    text: '',
    bytes: '',
    huge: '0.0000000000',
    words: ['', null, 'é'],
    clock: '00:00:00',
  },
];

test('a value of every type is read by deltalake as it was sent, from our pages and from the engine’s', async () => {
  await using sink = await SinkFixture.create('types');
  await using feed = await ChangeFeed.open(sink.kafka, table);
  await sink.start();
  await feed.send(...sent.map((row) => ({ op: 'c' as const, row })));
  const rowsOf = (rows: readonly Record<string, unknown>[]) =>
    rows
      .map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name]])))
      .sort((left, right) => String(left['id']).localeCompare(String(right['id'])));
  const silver = await sink.until('silver/public/kinds', 'three rows', ({ rows }) => rows.length === 3);
  expect(rowsOf(silver.rows)).toEqual(expected);
  expect(silver.types).toMatchObject({
    local: 'timestamp[us]',
    instant: 'timestamp[us, tz=UTC]',
    huge: 'decimal128(38, 10)',
    small: 'int16',
  });
  const bronze = await sink.until('bronze/public/kinds', 'three rows', ({ rows }) => rows.length === 3);
  expect(rowsOf(bronze.rows)).toEqual(expected);
});
