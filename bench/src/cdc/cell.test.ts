import { describe, expect, test } from '@jest/globals';

import { DEFAULT_CELLS, loadSize, parseCell } from './cell.ts';

describe('shapes of the load', () => {
  test.each(DEFAULT_CELLS)('%s is one', (name) => {
    expect(parseCell(name).name).toBe(name);
  });
  test('a name says table, rows per transaction and mix', () => {
    expect(parseCell('narrow-2k-mixed')).toMatchObject({
      table: { name: 'narrow' },
      rowsPerTransaction: 2_000,
      mixed: true,
    });
  });
  test.each(['orders', 'orders-0', 'flights-10', 'orders-5-mixed', 'orders-1G'])('%s is none', (name) => {
    expect(() => parseCell(name)).toThrow('is no shape');
  });
  test('warm-up and load are whole transactions, so that an end of one is an end of the other', () => {
    for (const name of ['orders-1', 'orders-10', 'wide-1000', 'orders-1000-mixed', 'orders-1-mixed']) {
      const cell = parseCell(name);
      const size = loadSize(cell, 12_345, 777);
      expect([name, size.rows % cell.rowsPerTransaction]).toEqual([name, 0]);
      expect(size.warmUpRows).toBeGreaterThanOrEqual(777);
    }
  });
  test('one transaction of a million rows stays one, behind a smaller one', () => {
    expect(loadSize(parseCell('orders-1M'), 1_000_000, 200_000)).toEqual({
      warmUpRows: 200_000,
      rows: 1_000_000,
    });
  });
});
