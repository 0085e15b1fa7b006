import { setTimeout as sleep } from 'node:timers/promises';

import { servers } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';
import { runRandomLoad, STORM_SCHEMA } from './random-load.ts';

const OUTAGE_MS = process.env['HASIVU_SUITE'] === 'storm' ? 20_000 : 4_000;

test.each(['kafka', 'registry', 's3', 'postgres'] as const)(
  '%s stopped and started again: the services wait or are restarted, nothing is lost',
  async (part) => {
    await using pipeline = await PipelineUnderTest.create({ name: `outage_${part}`, tables: ['public.*'] });
    await pipeline.query(STORM_SCHEMA);
    await pipeline.startAll();
    const stop = new AbortController();
    const load = runRandomLoad(pipeline.database.url, 7, stop.signal);
    await sleep(1_500);
    await servers.stop(part);
    await sleep(OUTAGE_MS);
    await servers.start(part);
    for (const name of pipeline.services) {
      // What `hasivu run` does: exit code 1 asks for a restart, 2 for a person.
      const service = pipeline.service(name);
      if (!service.running) {
        expect(await service.exited).toEqual({ code: 1, signal: null });
        await pipeline.start(name);
      }
    }
    await sleep(2_000);
    stop.abort();
    await load;
    for (const name of pipeline.services) if (!pipeline.service(name).running) await pipeline.start(name);
    await pipeline.silverEventuallyEquals('public.orders', ['id']);
    await pipeline.silverEventuallyEquals('public.lines', ['order_id', 'line']);
    expect((await pipeline.readBronze('public.orders')).repeated_positions).toBe(0);
  },
  600_000,
);
