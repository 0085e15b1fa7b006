import { expect, test } from '@jest/globals';
import { checkConfig } from './config-check.ts';

const warm = { afterDays: 30, storageClass: 'STANDARD_IA' };
const mistakes = (tiers: object, place: object = { bucket: 'lake' }): string[] =>
  checkConfig({
    version: 1,
    kafka: { brokers: ['b:1'], registry: 'http://r' },
    lake: { ...place, tiers },
  }).map(({ path, reason }) => `${path} ${reason}`);

test('tiers that would make tables unreadable or contradict each other are mistakes with their path', () => {
  expect(mistakes({ warm, cold: { afterDays: 90, storageClass: 'GLACIER_IR' } })).toEqual([]);
  expect(mistakes({ warm, cold: { afterDays: 90, storageClass: 'GLACIER' } })[0]).toMatch(
    /^\/lake\/tiers\/cold\/storageClass must be readable at once/u,
  );
  expect(mistakes({ warm, cold: { afterDays: 30, storageClass: 'GLACIER_IR' } })[0]).toMatch(
    /above those of warm \(30\)/u,
  );
  expect(mistakes({ warm: { afterDays: 30, storageClass: 'cheap one' } })[0]).toMatch(
    /storageClass has the wrong form/u,
  );
  const accessLog = { prefix: 'bronze/logs/' };
  expect(mistakes({ warm, accessLog })).toEqual([
    expect.stringMatching(/^\/lake\/tiers\/accessLog\/prefix must not lie among the tables of the lake/u),
  ]);
  expect(mistakes({ warm, accessLog: { ...accessLog, bucket: 'logs' } })).toEqual([]);
  expect(mistakes({ warm, accessLog: { prefix: 'logs/' } })).toEqual([]);
  expect(mistakes({ warm }, { folder: '/srv/lake' })).toContain(
    '/lake/tiers is for a bucket: a folder has no storage classes',
  );
});

test.each([
  ['bronze', '', true],
  ['b', '', true],
  ['_access/', '', true],
  ['bronze-logs/', '', false],
  ['logs/', '', false],
  ['lake/silver', 'lake', true],
  ['lake/', 'lake', true],
  ['la', 'lake', true],
  ['lake/silver/x', 'lake', true],
  ['lake/logs/', 'lake', false],
  ['silver/', 'lake', false],
])("a log under %s in the bucket of a lake under '%s': refused %s", (prefix, lakePrefix, isRefused) => {
  const found = mistakes({ warm, accessLog: { prefix } }, { bucket: 'lake', prefix: lakePrefix });
  expect(found.length > 0).toBe(isRefused);
  const elsewhere = { warm, accessLog: { prefix, bucket: 'logs' } };
  expect(mistakes(elsewhere, { bucket: 'lake', prefix: lakePrefix })).toEqual([]);
});
