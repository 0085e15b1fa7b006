import { expect, test } from '@jest/globals';
import { measureManyTables } from './many-tables.ts';

test('the sink’s memory does not follow the number of tables', async () => {
  const figures = await measureManyTables({
    tables: 60,
    partitionsPerTable: 5,
    rows: 60_000,
    signal: AbortSignal.timeout(280_000),
    report: () => undefined,
  });
  expect(figures.map(({ silver, partitions }) => [silver, partitions])).toEqual([
    [false, 300],
    [true, 300],
  ]);
  for (const { peakRssMiB } of figures) expect(peakRssMiB).toBeLessThanOrEqual(256);
}, 300_000);
