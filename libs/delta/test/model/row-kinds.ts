import fc from 'fast-check';
import { describeType, field, type DeltaField } from '../../src/index.ts';

/** A row as text per column, so that every value is the same to every reader; null is null. */
export type TextRow = Readonly<Record<string, string | null>>;

export const FIRST_FIELDS: readonly DeltaField[] = [
  field('id', 'long'),
  field('part', 'string'),
  field('num', 'integer'),
  field('text', 'string'),
  field('price', 'decimal(12,2)'),
  field('ratio', 'double'),
  field('flag', 'boolean'),
  field('day', 'date'),
  field('at', 'timestamp'),
];
/** What `addColumn` adds, in this order. */
export const MORE_FIELDS: readonly DeltaField[] = [field('note', 'string'), field('total', 'long')];

const hex = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
};
const long = '/long text that statistics cut'.repeat(3);
const VALUES: Readonly<Record<string, readonly (string | null)[]>> = {
  integer: ['0', '-1', '2147483647', '-2147483648', '77', null],
  long: ['0', '-1', '9007199254740993', '-9223372036854775808', '9223372036854775807', null],
  string: ['', 'plain', 'ü – 漢字 😀', `${long}a`, `${long}😀`, 'a"b\'c\\\n', null],
  'decimal(12,2)': ['0.00', '-0.01', '9999999999.99', '-9999999999.99', '12.50', null],
  double: [...[0, 0.5, -1.25, 1e300, 5e-324].map(hex), null],
  boolean: ['true', 'false', null],
  date: ['0', '-25567', '20782', null],
  timestamp: ['0', '-1', '1790000000123456', null],
};
export const PARTITIONS = ['plain', 'a b', 'ü/x', '50%', 'k=v', null];

/** Seeds of a row's values: which columns there are, and of what type, is known when it is written. */
export const anyRow = fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 });

export function rowOf(fields: readonly DeltaField[], id: number, seeds: readonly number[]): TextRow {
  return Object.fromEntries(
    fields.map(({ name, type }, index) => {
      const values =
        name === 'part' ? PARTITIONS : (VALUES[describeType(type)] as readonly (string | null)[]);
      return [
        name,
        name === 'id' ? String(id) : (values[(seeds[index] as number) % values.length] as string | null),
      ];
    }),
  );
}
