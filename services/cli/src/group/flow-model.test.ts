import { describe, expect, test } from '@jest/globals';
import { createPaint } from '../terminal/paint.ts';
import { flowLines, flowTotals, type FlowScrape } from './flow-model.ts';
import { flowSentence, formatFlow } from './flow-table.ts';
import { parseMetricsText } from './metrics-text.ts';

const scrape = (service: string, atMs: number, text: string): FlowScrape => ({
  service,
  atMs,
  samples: parseMetricsText(text),
});

describe('the flow of a service', () => {
  const first = scrape(
    'lake-sink',
    1000,
    'hasivu_sink_rows_total{table="public.orders"} 100\nhasivu_sink_lag_rows{table="public.orders"} 7',
  );
  const second = scrape(
    'lake-sink',
    3000,
    'hasivu_sink_rows_total{table="public.orders"} 500\nhasivu_sink_commits_total{table="public.orders",layer="bronze"} 3\nhasivu_sink_commits_total{table="public.orders",layer="silver"} 2\nhasivu_sink_rows_total{table="public.vendors"} 20\nhasivu_dead_letters_total{topic="demo.public.orders"} 1\nother_total 5',
  );

  test('is one line a table with rates from the scrape before', () => {
    expect(flowLines(second, first, 'demo')).toMatchObject([
      { table: 'public.orders', rows: 500, rowsPerSecond: 200, commits: 5, deadLetters: 1 },
      { table: 'public.vendors', rows: 20, rowsPerSecond: 10, commits: null },
    ]);
    expect(flowLines(first, null)[0]).toMatchObject({ rowsPerSecond: null, lagRows: 7 });
  });

  test('keeps tables of databases with names apart', () => {
    const source = scrape(
      'cdc-source',
      0,
      ['default', 'north', 'south']
        .map((of, i) => `hasivu_source_rows_total{database="${of}",table="public.orders",op="c"} ${i + 1}`)
        .join('\n'),
    );
    expect(flowLines(source, null).map(({ table, rows }) => [table, rows])).toEqual([
      ['north.public.orders', 2],
      ['public.orders', 1],
      ['south.public.orders', 3],
    ]);
  });

  test('a counter that fell was reset by a restart', () => {
    const restarted = scrape('lake-sink', 5000, 'hasivu_sink_rows_total{table="public.orders"} 40');
    expect(flowLines(restarted, second)[0]?.rowsPerSecond).toBe(20);
  });

  test('totals add up, and one sentence says it', () => {
    const [total] = flowTotals(flowLines(second, first));
    expect(total && flowSentence(total)).toBe('lake-sink: 520 rows 210 rows/s 5 commits 1 dead letters');
    expect(flowTotals([])).toEqual([]);
  });

  test('the table shows lag in the units a service reports', () => {
    const source = scrape(
      'cdc-source',
      0,
      'hasivu_source_rows_total{table="public.orders",op="c"} 3\nhasivu_source_rows_total{table="public.orders",op="u"} 4\nhasivu_source_lag_bytes 2048\nhasivu_source_lag_seconds 0.25',
    );
    const text = formatFlow(flowLines(source, null), createPaint({ isTty: false, env: {} })).join('\n');
    expect(text).toContain('2.0 KiB 250 ms');
    expect(text).toMatch(/public\.orders +7$/m);
  });
});
