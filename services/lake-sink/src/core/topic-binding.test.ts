import { expect, test } from '@jest/globals';
import type { HasivuConfig } from '@hasivu/config';
import { historyTargets } from './history/history-form.ts';
import { bindTopics } from './topic-binding.ts';

const config = {
  kafka: { prefix: 'h' },
  source: { postgres: { tables: ['public.orders', 'shop.*'], exclude: ['shop.tmp_*'] } },
  tables: { 'public.orders': { partitionBy: ['month(created_at)'], bronze: true, silver: false } },
  pipelines: [{ name: 'clean', from: ['public.orders'], steps: [], rules: [], to: 'orders' }],
} as unknown as HasivuConfig;

test('only change topics of captured tables and curated topics of configured pipelines are bound', () => {
  const existing = [
    'h.public.orders',
    'h.shop.a',
    'h.shop.tmp_a',
    'h.other.b',
    'h.public.orders.dlq',
    'h.shop.a.quarantine',
    'h.lineage',
    'h.events.x',
    'x.public.orders',
  ];
  const bound = bindTopics(config, [...existing, 'h.curated.clean.orders', 'h.curated.gone.orders']);
  expect(
    bound.map(({ topic, logRoot, stateRoot, isEither }) => [topic, logRoot, stateRoot, isEither]),
  ).toEqual([
    ['h.public.orders', 'bronze/public/orders', null, false],
    ['h.shop.a', 'bronze/shop/a', 'silver/shop/a', false],
    ['h.curated.clean.orders', 'curated/clean/orders', 'curated/clean/orders', true],
  ]);
  expect(bound.map(({ table }) => table)).toEqual(['public.orders', 'shop.a', 'curated.clean.orders']);
  expect(bound[0]?.partitions).toEqual([
    { transform: 'month', source: 'created_at', name: 'created_at_month' },
  ]);
});

test('tables of several databases have folders of their own, and each database its own choice of tables', () => {
  const several = {
    ...config,
    source: {
      postgres: [
        { tables: ['public.*'], exclude: [] },
        { name: 'north', tables: ['public.orders'], exclude: [] },
        { name: 'south', prefix: 'other', tables: ['public.*'], exclude: ['public.orders'] },
      ],
    },
  } as unknown as HasivuConfig;
  const existing = [
    'h.public.orders',
    'h.public.items',
    'h.north.public.orders',
    'h.north.public.items',
    'other.public.orders',
    'other.public.items',
    'h.south.public.items',
  ];
  expect(
    bindTopics(several, existing).map(({ topic, table, logRoot, stateRoot }) => [
      topic,
      table,
      logRoot,
      stateRoot,
    ]),
  ).toEqual([
    ['h.public.orders', 'public.orders', 'bronze/public/orders', null],
    ['h.public.items', 'public.items', 'bronze/public/items', 'silver/public/items'],
    ['h.north.public.orders', 'north.public.orders', 'bronze/north.public/orders', null],
    ['other.public.items', 'south.public.items', 'bronze/south.public/items', 'silver/south.public/items'],
  ]);
});

test('a table’s own word on deletion vectors goes before the lake’s', () => {
  const withLake = (enabled: boolean) =>
    ({
      ...config,
      lake: { deletionVectors: { enabled } },
      tables: { 'shop.a': { deletionVectors: true }, 'shop.b': { deletionVectors: false } },
    }) as unknown as HasivuConfig;
  const existing = ['h.shop.a', 'h.shop.b', 'h.shop.c', 'h.curated.clean.orders'];
  const uses = (enabled: boolean) => bindTopics(withLake(enabled), existing).map(({ vectors }) => vectors);
  expect(uses(true)).toEqual(['always', 'never', 'large', 'large']);
  expect(uses(false)).toEqual(['always', 'never', 'never', 'never']);
});

test('the declared histories of a table lie under history, of type 4 the superseded versions first', () => {
  const [bound] = bindTopics(
    {
      ...config,
      tables: {
        'public.orders': {
          partitionBy: [],
          bronze: true,
          history: [
            { type: 2, ignore: ['seen at'] },
            { type: 4, name: 'kept' },
          ],
        },
      },
    },
    ['h.public.orders'],
  );
  expect(bound?.histories[0]).toMatchObject({ type: 2, track: null, ignore: ['seen_at'] });
  expect(historyTargets(bound?.histories ?? []).map(({ root, rows }) => [root, rows])).toEqual([
    ['history/public/orders_scd2', 'all'],
    ['history/public/kept_history', 'closed'],
    ['history/public/kept', 'open'],
  ]);
});
