import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { partitionOf, type TableSchema } from '@hasivu/change-events';

import { ProcessorUnderTest, stateOf } from './processor-under-test.ts';

function table(name: string, key: string[]): TableSchema {
  return {
    database: 'test',
    schema: 'public',
    table: name,
    columns: [
      { name: 'phone', type: { kind: 'string' }, pgType: 'text' },
      { name: 'n', type: { kind: 'int32' }, pgType: 'integer' },
    ],
    key,
  };
}

const NORTH = table('north', ['phone']);
const SOUTH = table('south', ['phone']);
const LOG = table('log', []);

const PIPELINES = `
pipelines:
  - name: hashed
    from: ["public.north", "public.south"]
    steps:
      - mask: { column: phone, method: hash, salt: "env:SALT" }
      - rename: { from: phone, to: subscriber }
    to: all
  - name: raw
    from: ["public.north", "public.log"]
    steps: [ { filter: { expr: "n > 0" } } ]
    to: positive
`;

const hash = (phone: string): string => createHmac('sha256', 'pepper').update(phone).digest('hex');

describe('keys', () => {
  let processor: ProcessorUnderTest;

  beforeAll(async () => {
    processor = await ProcessorUnderTest.create('keys');
    for (const one of [NORTH, SOUTH, LOG]) await processor.define(one);
    await processor.write(NORTH, [
      { op: 'c', after: { phone: '111', n: 1 } },
      { op: 'c', after: { phone: '222', n: 2 } },
      { op: 'u', after: { phone: '222', n: 3 } },
      { op: 'c', after: { phone: '333', n: 4 } },
      { op: 'd', before: { phone: '333' } },
    ]);
    await processor.write(SOUTH, [{ op: 'c', after: { phone: '444', n: 5 } }]);
    await processor.write(LOG, [
      { op: 'c', after: { phone: 'a', n: 1 } },
      { op: 'c', after: { phone: 'b', n: -1 } },
      { op: 'u', before: { phone: 'a', n: 1 }, after: { phone: 'a', n: -1 } },
      { op: 'u', after: { phone: 'c', n: -1 } },
    ]);
    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    await processor.caughtUp(NORTH, SOUTH, LOG);
    await service.stop();
  }, 60_000);

  afterAll(async () => {
    await processor[Symbol.asyncDispose]();
  });

  test('a hashed key is hashed in rows, deletes and tombstones alike, and decides the partition', async () => {
    const events = await processor.curated('hashed', 'all');
    expect(new Map([...stateOf(events).values()].map((row) => [row['subscriber'], row['n']]))).toEqual(
      new Map([
        [hash('111'), 1],
        [hash('222'), 3],
        [hash('444'), 5],
      ]),
    );
    for (const { rawKey, partition } of events)
      expect(partitionOf(rawKey as Buffer, 0, rawKey?.length ?? 0, 3)).toBe(partition);
    const gone = events.filter((event) => event.key?.['subscriber'] === hash('333'));
    expect(gone.map((event) => event.op)).toEqual(['c', 'd', null]);
    for (const { rawValue, rawKey } of events)
      for (const bytes of [rawValue, rawKey]) expect(bytes?.includes('333') ?? false).toBe(false);
  });

  test('two pipelines read one topic, each with its own outcome', async () => {
    const events = await processor.curated('raw', 'positive');
    const north = events.filter((event) => event.key !== null);
    expect(stateOf(north).size).toBe(2);
    expect([...stateOf(north).values()].map((row) => row['n']).sort()).toEqual([1, 3]);
  });

  test('rows without a key stay without one, and leave a filtered output only where the old row is known', async () => {
    const events = (await processor.curated('raw', 'positive')).filter((event) => event.key === null);
    expect(
      events.map((event) => [event.op, event.before?.['phone'] ?? null, event.after?.['phone'] ?? null]),
    ).toEqual([
      ['c', null, 'a'],
      ['d', 'a', null],
    ]);
  });
});
