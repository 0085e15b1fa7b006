import { describe, expect, test } from '@jest/globals';
import { arrayOf, commonType, evolveSchema, field, type DeltaType } from './index.ts';

const table = (...fields: ReturnType<typeof field>[]) => ({ type: 'struct', fields }) as const;

describe('a table’s schema follows its source', () => {
  test.each<[DeltaType, DeltaType, DeltaType | null]>([
    ['short', 'long', 'long'],
    ['long', 'short', 'long'],
    ['integer', 'double', 'double'],
    ['long', 'double', null],
    ['float', 'double', 'double'],
    ['integer', 'decimal(5,2)', 'decimal(12,2)'],
    ['decimal(10,2)', 'decimal(12,4)', 'decimal(12,4)'],
    ['decimal(38,0)', 'decimal(38,10)', null],
    ['string', 'integer', null],
    ['date', 'timestamp', null],
    [arrayOf('integer'), arrayOf('long'), arrayOf('long')],
    [arrayOf('integer'), 'integer', null],
  ])('%j and %j have %j in common', (left, right, common) => {
    expect(commonType(left, right)).toEqual(common);
  });

  test('new columns go to the end, missing ones stay, narrower ones need nothing', () => {
    const evolved = evolveSchema(
      table(field('id', 'integer'), field('old', 'string')),
      table(field('id', 'long'), field('new', 'date')),
    );
    expect(evolved?.schema.fields.map((one) => `${one.name} ${one.type as string}`)).toEqual([
      'id long',
      'old string',
      'new date',
    ]);
    expect(evolved).toMatchObject({ added: ['new'], widened: ['id'] });
    expect(evolveSchema(table(field('id', 'long')), table(field('id', 'short')))).toBeNull();
  });

  test('names that differ in case only are one column', () => {
    expect(evolveSchema(table(field('Id', 'long')), table(field('id', 'long')))).toBeNull();
  });

  test('an impossible change names the column and both types', () => {
    expect(() => evolveSchema(table(field('id', 'string')), table(field('id', 'long')))).toThrow(
      /"id".*holds string.*sends long/,
    );
  });
});
