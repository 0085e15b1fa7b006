import { expect, test } from '@jest/globals';
import { checkConfig } from './config-check.ts';

test('a change data feed of a state table that is not kept is a mistake', () => {
  const raw = (table: object): unknown => ({
    version: 1,
    kafka: { brokers: ['127.0.0.1:9092'], registry: 'http://127.0.0.1:8085' },
    tables: { 'public.t': table },
  });
  expect(checkConfig(raw({ changeDataFeed: true }))).toEqual([]);
  expect(checkConfig(raw({ changeDataFeed: false, silver: false }))).toEqual([]);
  expect(checkConfig(raw({ changeDataFeed: true, silver: false }))).toMatchObject([
    { path: '/tables/public.t/changeDataFeed' },
  ]);
});
