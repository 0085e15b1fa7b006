import fc from 'fast-check';

import type { ColumnSchema, ColumnType } from './column-type.ts';
import type { ColumnValue } from './column-reader.ts';

const scalar = fc.constantFrom<ColumnType>(
  { kind: 'boolean' },
  { kind: 'int16' },
  { kind: 'int32' },
  { kind: 'int64' },
  { kind: 'float32' },
  { kind: 'float64' },
  { kind: 'string' },
  { kind: 'bytes' },
  { kind: 'json' },
  { kind: 'uuid' },
  { kind: 'date' },
  { kind: 'time' },
  { kind: 'timestamp' },
  { kind: 'timestamptz' },
  { kind: 'decimal', precision: 38, scale: 4 },
);

export const columnType: fc.Arbitrary<ColumnType> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: scalar.map((element): ColumnType => ({ kind: 'array', element })) },
);

const columnName = fc.oneof(
  fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/),
  fc.string({ minLength: 1, maxLength: 8 }),
);

export const columns: fc.Arbitrary<ColumnSchema[]> = fc.uniqueArray(
  fc.record({ name: columnName, type: columnType, pgType: fc.constant('t') }),
  { minLength: 1, maxLength: 8, selector: (column) => column.name },
);

export function valueOf(type: ColumnType): fc.Arbitrary<ColumnValue> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'int32':
    case 'date':
      return fc.integer();
    case 'int64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float32':
      return fc.float({ noNaN: true });
    case 'float64':
      return fc.double({ noNaN: true });
    case 'string':
    case 'json':
    case 'uuid':
      return fc.string({ unit: 'binary' });
    case 'bytes':
      return fc.uint8Array().map((bytes) => Buffer.from(bytes));
    case 'decimal':
      return fc.bigInt({ min: -(10n ** 38n - 1n), max: 10n ** 38n - 1n });
    case 'array':
      return fc.array(fc.option(valueOf(type.element)), { maxLength: 5 });
    default:
      return type satisfies never;
  }
}

export function rowOf(of: readonly ColumnSchema[]): fc.Arbitrary<ColumnValue[]> {
  return fc.tuple(...of.map((column) => fc.option(valueOf(column.type))));
}
