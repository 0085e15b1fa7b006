import { describe, expect, test } from '@jest/globals';
import { topicDifferences, topicSettings } from './topic-settings.ts';

const RULES = {
  partitions: 6,
  retentionMs: 1000,
  overrides: {
    'public.*': { partitions: 12, config: { 'min.insync.replicas': 2 } },
    'public.orders': { cleanupPolicy: 'compact', retentionMs: -1 },
    'shop.public.c+': { partitions: 99 },
  },
};

describe('settings of a topic', () => {
  test('are the general ones where no pattern fits', () => {
    expect(topicSettings('shop.other.x', { prefix: 'shop', topics: RULES })).toEqual({
      partitions: 6,
      replicationFactor: 1,
      config: { 'retention.ms': '1000' },
    });
    expect(topicSettings('a', {})).toEqual({ partitions: 4, replicationFactor: 1, config: {} });
  });

  test('let in what producers may write, unless they say otherwise', () => {
    const context = {
      maxRecordBytes: 5_000_000,
      topics: { overrides: { 'a.*': { config: { 'max.message.bytes': 9 } } } },
    };
    expect(topicSettings('b', context).config).toEqual({ 'max.message.bytes': '5000000' });
    expect(topicSettings('a.b', context).config).toEqual({ 'max.message.bytes': '9' });
    const difference = (found: string): string[] =>
      topicDifferences(topicSettings('b', context), {
        partitions: 9,
        replicationFactor: 1,
        config: new Map([['max.message.bytes', found]]),
      });
    expect(difference('5000001')).toEqual([]);
    expect(difference('4999999')).toEqual(['max.message.bytes is 4999999 where 5000000 is asked for']);
  });

  test('are put together from every pattern that fits, later ones first', () => {
    expect(topicSettings('shop.public.orders', { prefix: 'shop', topics: RULES })).toEqual({
      partitions: 12,
      replicationFactor: 1,
      config: { 'cleanup.policy': 'compact', 'retention.ms': '-1', 'min.insync.replicas': '2' },
    });
  });

  test('a pattern is a name with stars, not a regular expression', () => {
    expect(topicSettings('shop.public.c+', { prefix: 'shop', topics: RULES }).partitions).toBe(99);
    expect(topicSettings('shop.public.cc', { prefix: 'shop', topics: RULES }).partitions).toBe(12);
    expect(topicSettings('shop.xpublic.orders', { prefix: 'shop', topics: RULES }).partitions).toBe(6);
    expect(topicSettings('public.a', { prefix: 'other', topics: RULES }).partitions).toBe(12);
  });
});

describe('an existing topic', () => {
  const wanted = { partitions: 3, replicationFactor: 2, config: { 'cleanup.policy': 'compact,delete' } };
  const existing = (policy: string | null) => new Map([['cleanup.policy', policy]]);

  test('may have more than asked for, and lists in any order', () => {
    const topic = { partitions: 9, replicationFactor: 3, config: existing('delete,compact') };
    expect(topicDifferences(wanted, topic)).toEqual([]);
  });

  test('is described where it has less, or another setting', () => {
    const topic = { partitions: 1, replicationFactor: 1, config: existing('delete') };
    expect(topicDifferences(wanted, topic)).toEqual([
      '1 partitions where 3 are asked for',
      '1 replicas where 2 are asked for',
      'cleanup.policy is delete where compact,delete is asked for',
    ]);
  });

  test('says nothing of a setting that the broker hides', () => {
    const topic = { partitions: 3, replicationFactor: 2, config: existing(null) };
    expect(topicDifferences(wanted, topic)).toEqual([]);
  });
});
