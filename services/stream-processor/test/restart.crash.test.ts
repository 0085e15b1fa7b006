import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import { assertNoDuplicates, SeededRandom } from '@hasivu/testing';

import { ProcessorUnderTest, stateOf, type TestEvent } from './processor-under-test.ts';

const EVENTS: TableSchema = {
  database: 'test',
  schema: 'public',
  table: 'events',
  columns: [
    { name: 'id', type: { kind: 'int64' }, pgType: 'bigint' },
    { name: 'n', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'text', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};

const PIPELINES = `
pipelines:
  - name: even
    from: ["public.events"]
    steps:
      - derive: { column: twice, expr: "n * 2" }
      - filter: { expr: "n % 10 <> 3" }
    rules: [ { name: small, range: { column: n, max: 90 } } ]
    to: out
`;

const KILLS = Number(process.env['HASIVU_KILLS'] ?? 3);
const KEYS = 500;
const seed = Number(process.env['PROPERTY_SEED'] ?? randomInt(2 ** 31));

describe(`kill -9 at random moments (seed ${seed})`, () => {
  let processor: ProcessorUnderTest;

  beforeAll(async () => {
    processor = await ProcessorUnderTest.create('kill');
    await processor.define(EVENTS);
  });

  afterAll(async () => {
    await processor[Symbol.asyncDispose]();
  });

  test('every event has its one outcome, none twice, none missing', async () => {
    const random = new SeededRandom(seed);
    const expected = { good: 0, dropped: 0, quarantined: 0 };
    const live = new Map<number, number>();
    let written = 0;
    let writing = true;
    const writer = (async () => {
      while (writing) {
        const events: TestEvent[] = [];
        for (let i = 0; i < 200; i++) {
          const id = random.between(0, KEYS - 1);
          const n = random.between(0, 99);
          const op = live.has(id) ? 'u' : 'c';
          events.push({ op, after: { id: BigInt(id), n, text: `row ${written + i}` } });
          if (n % 10 === 3) {
            expected.dropped += 1;
            live.delete(id);
          } else if (n > 90) expected.quarantined += 1;
          else {
            expected.good += 1;
            live.set(id, n);
          }
        }
        written += events.length;
        await processor.write(EVENTS, events);
        await sleep(60);
      }
    })();
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const service = await processor.start(PIPELINES);
        await sleep(100 + random.between(0, 699));
        await service.kill();
      }
    } finally {
      writing = false;
      await writer;
    }
    const service = await processor.start(PIPELINES);
    await processor.caughtUp(EVENTS);
    const events = await processor.curated('even', 'out');
    const aside = await processor.records(
      processor.names.quarantine(processor.names.change('public', 'events')),
    );
    const source = await processor.records(processor.names.change('public', 'events'));
    expect(source.length).toBe(written);
    const good = events.filter((event) => event.op === 'c' || event.op === 'u');
    assertNoDuplicates(
      events.filter((event) => event.op !== null).map((event) => `${event.commitLsn}:${event.seq}`),
    );
    assertNoDuplicates(aside.map(({ headers }) => `${headers['lsn']}:${headers['seq']}`));
    expect(good.length).toBe(expected.good);
    expect(aside.length).toBe(expected.quarantined);
    const state = stateOf(events);
    expect(new Map([...state.values()].map((row) => [Number(row['id']), row['n']]))).toEqual(live);
    for (const row of state.values()) expect(row['twice']).toBe(BigInt(row['n'] as number) * 2n);
    process.stderr.write(
      `kills ${KILLS}, seed ${seed}: ${written} events, ${good.length} good, ${aside.length} quarantined\n`,
    );
    expect((await service.stop()).code).toBe(0);
  }, 120_000);
});
