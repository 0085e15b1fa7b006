import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const ROWS = process.env['HASIVU_SUITE'] === 'storm' ? 2_000_000 : 300_000;
const LIMIT_MIB = 256;

function peakRssMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

test(`one transaction of ${ROWS} rows passes through with every service under ${LIMIT_MIB} MiB`, async () => {
  await using pipeline = await PipelineUnderTest.create({
    name: 'large',
    tables: ['public.readings'],
    pipelines: [
      {
        name: 'high',
        from: ['public.readings'],
        steps: [{ filter: { expr: 'level >= 0' } }],
        to: 'readings',
      },
    ],
    tableSettings: { 'public.readings': { silver: false } },
  });
  await pipeline.query(
    'create table readings (id bigint primary key, kitchen int, level double precision, note text, at timestamptz)',
  );
  await pipeline.startAll();
  await pipeline.query(
    `insert into readings select g, g % 40, g / 3.0, 'reading ' || md5(g::text), now() from generate_series(1, $1::int) g`,
    [ROWS],
  );
  await pipeline.eventually(async () => {
    const bronze = await pipeline.readBronze('public.readings');
    return bronze.ops['c'] === ROWS ? null : `bronze has ${bronze.ops['c'] ?? 0} of ${ROWS} rows`;
  }, 600_000);
  expect((await pipeline.readBronze('public.readings')).repeated_positions).toBe(0);
  const peaks = Object.fromEntries(
    pipeline.services.map((name) => [name, Math.round(peakRssMiB(pipeline.service(name).pid))]),
  );
  console.log('peak resident MiB', peaks);
  for (const [name, peak] of Object.entries(peaks)) expect([name, peak <= LIMIT_MIB]).toEqual([name, true]);
}, 900_000);
