import { describe, expect, test } from '@jest/globals';
import { cutToWidth, displayWidth } from './display-width.ts';
import { createPaint } from './paint.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from './quantity.ts';
import { formatTextTable } from './text-table.ts';

describe('a text table', () => {
  test('aligns titles, a rule and rows', () => {
    expect(
      formatTextTable(
        [{ title: 'table' }, { title: 'rows', align: 'right' }],
        [
          ['orders', '12'],
          ['vendors', '3456'],
        ],
      ),
    ).toEqual(['table    rows', '───────  ────', 'orders     12', 'vendors  3456']);
  });

  test('colour codes take no room and wide characters take two columns', () => {
    const paint = createPaint({ isTty: true, env: {} });
    const lines = formatTextTable(
      [{ title: 'a' }, { title: 'b' }],
      [
        [paint.green('ok'), '1'],
        ['學校', '2'],
      ],
    );
    expect(lines.slice(2).map((line) => displayWidth(line.slice(0, line.length - 1)))).toEqual([6, 6]);
  });

  test('long cells and cells with line breaks stay on one line', () => {
    expect(formatTextTable([{ title: 'x', maxColumns: 6 }], [['a\nbcdefghij']])[2]).toBe('a bcd…');
    expect(cutToWidth('學校學校', 5)).toBe('學校…');
  });

  test('an empty table is its titles', () => {
    expect(formatTextTable([{ title: 'table' }], [])).toEqual(['table', '─────']);
  });
});

describe('colour', () => {
  test('only on a terminal, never with NO_COLOR or a dumb terminal', () => {
    expect(createPaint({ isTty: true, env: {} }).red('x')).toBe('\u001b[31mx\u001b[39m');
    for (const facts of [
      { isTty: false, env: {} },
      { isTty: true, env: { NO_COLOR: '1' } },
      { isTty: true, env: { TERM: 'dumb' } },
    ]) {
      expect(createPaint(facts).red('x')).toBe('x');
    }
  });
});

describe('quantities', () => {
  test('counts, rates, bytes and durations', () => {
    expect([formatCount(1234567), formatCount(-12345678901234567890n), formatCount(999)]).toEqual([
      '1,234,567',
      '-12,345,678,901,234,567,890',
      '999',
    ]);
    expect([formatRate(0), formatRate(0.25), formatRate(2041.7)]).toEqual(['0', '0.3', '2,042']);
    expect([formatBytes(512), formatBytes(1536), formatBytes(5 * 1024 ** 3)]).toEqual([
      '512 B',
      '1.5 KiB',
      '5.0 GiB',
    ]);
    expect([formatDuration(80), formatDuration(1500), formatDuration(125_000)]).toEqual([
      '80 ms',
      '1.5 s',
      '2 min 5 s',
    ]);
  });
});
