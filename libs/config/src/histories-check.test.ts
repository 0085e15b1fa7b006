import { describe, expect, test } from '@jest/globals';

import { checkConfig } from './config-check.ts';
import type { HasivuConfig } from './config-schema.ts';
import { tableHistories } from './table-histories.ts';

function checked(tables: Record<string, unknown>): { mistakes: string[]; config: HasivuConfig } {
  const raw = {
    version: 1,
    kafka: { brokers: ['127.0.0.1:9092'], registry: 'http://127.0.0.1:8085' },
    tables,
  };
  const mistakes = checkConfig(raw).map(({ path, reason }) => `${path} ${reason}`);
  return { mistakes, config: raw as unknown as HasivuConfig };
}

describe('the histories of a table', () => {
  test('one or a list is declared, and each has a name', () => {
    const { mistakes, config } = checked({
      'public.orders': { history: { type: 2, ignore: ['seen_at'] } },
      'shop.item-s': {
        history: [
          { type: 0 },
          { type: 1 },
          { type: 2, track: ['price'], name: 'prices' },
          { type: 3, previous: ['price'] },
          { type: 4 },
          { type: 6, track: ['price', 'plan'], overwrite: ['price', 'mail'], previous: ['plan'] },
        ],
      },
    });
    expect(mistakes).toEqual([]);
    const names = Object.entries(config.tables).map(([table, own]) =>
      tableHistories(table, own).map(({ name }) => name),
    );
    expect(names).toEqual([
      ['orders_scd2'],
      ['item-s_scd0', 'item-s_scd1', 'prices', 'item-s_scd3', 'item-s_scd4', 'item-s_scd6'],
    ]);
  });

  test.each([
    ['a type that there is not', { type: 5 }, '/tables/public.t/history/type must be'],
    ['no type', {}, '/tables/public.t/history/type is missing'],
    [
      'an unknown field',
      { type: 2, check_cols: ['a'] },
      '/tables/public.t/history/check_cols is not a known field',
    ],
    ['a list of another type', { type: 1, track: ['a'] }, '/track is for the types 2, 4, 6, not for 1'],
    ['track and ignore', { type: 2, track: ['a'], ignore: ['b'] }, '/ignore goes without track'],
    ['type 3 without previous', { type: 3 }, '/previous is missing'],
    ['type 6 without overwrite', { type: 6, previous: ['a'] }, '/overwrite is missing'],
    [
      'a previous value of a column that opens no version',
      { type: 6, overwrite: ['a'], previous: ['a'] },
      '/previous a opens no version',
    ],
    [
      'a column in ignore and overwrite',
      { type: 6, overwrite: ['a'], ignore: ['a'], previous: ['b'] },
      '/ignore a is in overwrite',
    ],
    ['the same column twice', { type: 2, track: ['a', 'a'] }, '/track must NOT have duplicate items'],
    ['a name that is no folder', { type: 2, name: 'a/b' }, '/name has the wrong form'],
  ])('%s is a mistake', (_, history, message) => {
    expect(checked({ 'public.t': { history } }).mistakes.join('\n')).toContain(message);
  });

  test('without the change log is a mistake', () => {
    const { mistakes } = checked({ 'public.t': { bronze: false, history: { type: 2 } } });
    expect(mistakes.join()).toMatch(/^\/tables\/public\.t\/history needs the change log/);
  });

  test('two tables of one name are a mistake, also of other declarations in the schema', () => {
    const { mistakes } = checked({
      'public.t': { history: [{ type: 4 }, { type: 2, name: 't_scd4_history' }] },
      'public.s': { history: { type: 1, name: 'T_SCD4' } },
      'other.s': { history: { type: 1, name: 't_scd4' } },
    });
    expect(mistakes).toEqual([
      '/tables/public.t/history/1/name t_scd4_history is the table of /tables/public.t/history/0 already',
      '/tables/public.s/history/name T_SCD4 is the table of /tables/public.t/history/0 already',
    ]);
  });
});
