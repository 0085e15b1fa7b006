import { describe, expect, test } from '@jest/globals';
import { parseMetricsText } from './metrics-text.ts';

describe('the Prometheus text format', () => {
  test('samples with and without labels, with a time stamp, and comments', () => {
    const text =
      '# HELP rows_total Rows\n# TYPE rows_total counter\nrows_total{table="public.orders",op="c"} 12\nup 1 1700000000000\n\n';
    expect(parseMetricsText(text)).toEqual([
      { name: 'rows_total', labels: { table: 'public.orders', op: 'c' }, value: 12 },
      { name: 'up', labels: {}, value: 1 },
    ]);
  });

  test('escaped label values, braces and commas inside them', () => {
    expect(parseMetricsText('errors{why="a \\"b\\", {c}\\\\d\\ne"} 1.5e3')).toEqual([
      { name: 'errors', labels: { why: 'a "b", {c}\\d\ne' }, value: 1500 },
    ]);
  });

  test('infinities and not-a-number', () => {
    expect(parseMetricsText('a{le="+Inf"} +Inf\nb -Inf\nc NaN').map(({ value }) => value)).toEqual([
      Infinity,
      -Infinity,
      NaN,
    ]);
  });

  test('lines that are no sample are passed over', () => {
    expect(parseMetricsText('<html>\n{} 4\n')).toEqual([]);
  });
});
