import { expect, test } from '@jest/globals';
import { checkConfig } from './config-check.ts';
import { tableRetention } from './table-retention.ts';

const columns = new Set(['_committed_at', '_valid_to', 'created_at']);
const retention = { bronze: '400 days', silver: '2 weeks', history: '36 hours', column: 'created_at' };
const DAY = 86_400_000;

test.each([
  ['bronze', { column: '_committed_at', ageMs: 400 * DAY }],
  ['silver', { column: 'created_at', ageMs: 14 * DAY }],
  ['history', { column: '_valid_to', ageMs: 1.5 * DAY }],
  ['curated', null],
] as const)('rows of %s go by their own column', (layer, wanted) => {
  const settings = { layer, table: 'public.orders', config: { retention } };
  expect(tableRetention(settings, columns)).toEqual(wanted);
  expect(tableRetention(settings, new Set(['id']))).toBeNull();
  const hold = { name: 'case 17', reason: 'asked for by the court' };
  expect(tableRetention({ ...settings, config: { retention: { ...retention, hold } } }, columns)).toBeNull();
});

const mistakes = (orders: object): string[] =>
  checkConfig({
    version: 1,
    kafka: { brokers: ['b:1'], registry: 'http://r' },
    tables: { 'public.orders': orders },
  }).map(({ path, reason }) => `${path} ${reason}`);

test('policies that cannot be followed are mistakes with their path', () => {
  expect(mistakes({ retention })).toEqual([
    '/tables/public.orders/retention/history is for tables that are not kept: no history is declared',
  ]);
  expect(mistakes({ retention: { silver: '3 days' } })[0]).toMatch(/retention\/column is missing/);
  expect(mistakes({ silver: false, retention: { silver: '3 days', column: 'a' } })[0]).toMatch(
    /retention\/silver is for/,
  );
  expect(mistakes({ retention: { bronze: '1 year' } })[0]).toMatch(/retention\/bronze has the wrong form/);
  expect(mistakes({ retention: { hold: { name: 'x' } } })[0]).toMatch(/hold\/reason is missing/);
  expect(mistakes({ retention: { bronze: '1 day' } })).toEqual([]);
});
