import { expect, test } from '@jest/globals';
import type { HasivuConfig } from '@hasivu/config';
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
  expect(bound[0]?.partitions).toEqual([
    { transform: 'month', source: 'created_at', name: 'created_at_month' },
  ]);
});
