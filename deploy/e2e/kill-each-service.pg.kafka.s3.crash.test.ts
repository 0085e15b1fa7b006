import { setTimeout as sleep } from 'node:timers/promises';

import { SeededRandom } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';
import { runRandomLoad, STORM_SCHEMA } from './random-load.ts';

const STORM = process.env['HASIVU_SUITE'] === 'storm';
const KILLS = STORM ? 10 : 2;

test(`each service killed ${KILLS} times under load: nothing lost, nothing twice`, async () => {
  const seed = Number(process.env['HASIVU_SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (HASIVU_SEED repeats it)`);
  const random = new SeededRandom(seed);
  await using pipeline = await PipelineUnderTest.create({
    name: 'kills',
    tables: ['public.*'],
    pipelines: [
      {
        name: 'clean',
        from: ['public.orders'],
        steps: [{ drop: { columns: ['notes'] } }],
        rules: [{ name: 'total', range: { column: 'total', max: 1_000_000 } }],
        to: 'orders',
      },
    ],
  });
  await pipeline.query(STORM_SCHEMA);
  await pipeline.query(`insert into audit select now(), 'before', g from generate_series(1, 500) g`);
  const stop = new AbortController();
  const load = runRandomLoad(pipeline.database.url, seed, stop.signal);
  await pipeline.startAll();
  for (let round = 0; round < KILLS; round++) {
    for (const name of pipeline.services) {
      await sleep(300 + random.next() * 1_500);
      await pipeline.kill(name);
      await pipeline.start(name);
    }
  }
  await sleep(1_000);
  stop.abort();
  const { transactions } = await load;
  expect(transactions).toBeGreaterThan(10);
  await pipeline.silverEventuallyEquals('public.orders', ['id']);
  await pipeline.silverEventuallyEquals('public.lines', ['order_id', 'line']);
  await pipeline.eventually(async () => {
    const audit = await pipeline.readBronze('public.audit');
    const inserted = (audit.ops['c'] ?? 0) + (audit.ops['r'] ?? 0);
    return inserted === audit.source_rows ? null : `bronze has ${inserted} inserts of ${audit.source_rows}`;
  });
  for (const table of ['public.orders', 'public.lines', 'public.audit'])
    expect((await pipeline.readBronze(table)).repeated_positions).toBe(0);
}, 1_800_000);
