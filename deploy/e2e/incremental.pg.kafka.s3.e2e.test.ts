import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';
import { runRandomLoad, STORM_SCHEMA } from './random-load.ts';

const ROWS = `
insert into orders select 10000000 + i, i % 7, 'old', i / 3.0, now(), case when i % 5 = 0 then repeat(md5(i::text), 100) end from generate_series(1, 15000) i;
insert into lines select 10000000 + i / 3, i % 3, 'item', i from generate_series(1, 15000) i;`;

test('silver of tables that only signals have brought, under load and with the source killed, equals Postgres', async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'incremental',
    tables: ['public.orders', 'public.lines'],
    source: { snapshot: 'never' },
    tableSettings: { 'public.orders': { silver: true }, 'public.lines': { silver: true } },
  });
  await pipeline.query(STORM_SCHEMA);
  await pipeline.query(ROWS);
  await pipeline.startAll();
  const stop = new AbortController();
  const load = runRandomLoad(pipeline.database.url, 42, stop.signal);
  const signal = JSON.stringify({
    type: 'execute-snapshot',
    data: { 'data-collections': ['public.orders', 'public.lines'] },
  });
  const ask = "SELECT pg_logical_emit_message(true, 'hasivu.signal', $1)";
  try {
    await pipeline.query(ask, [signal]);
    await pipeline.kill('cdc-source');
    await pipeline.start('cdc-source', { HASIVU_FAILPOINT: 'chunk-emitted:3', HASIVU_TEST_FAILPOINTS: '1' });
    expect(await pipeline.service('cdc-source').exited).toMatchObject({ signal: 'SIGKILL' });
    const source = await pipeline.start('cdc-source');
    await pipeline.eventually(async () => {
      const metrics = await (await fetch(`${source.url}/metrics`)).text();
      return /hasivu_source_incremental_ended_total\{[^}]*result="done"\} 2/.test(metrics)
        ? null
        : 'not done';
    });
  } finally {
    stop.abort();
    await load;
  }
  await pipeline.silverEventuallyEquals('public.orders', ['id']);
  await pipeline.silverEventuallyEquals('public.lines', ['order_id', 'line']);
  const bronze = await pipeline.readBronze('public.orders');
  expect(bronze.repeated_positions).toBe(0);
  expect(bronze.ops['r']).toBeGreaterThan(13_000);
}, 300_000);
