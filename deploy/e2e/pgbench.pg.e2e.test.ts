import { expect, test } from '@jest/globals';

import { pgbench } from './pgbench.ts';
import { PipelineUnderTest } from './pipeline-under-test.ts';

const KEYED: readonly (readonly [string, string])[] = [
  ['public.pgbench_accounts', 'aid'],
  ['public.pgbench_branches', 'bid'],
  ['public.pgbench_tellers', 'tid'],
];

test('pgbench under a running pipeline: silver equals Postgres, bronze has every insert of the keyless table once', async () => {
  const seconds = process.env['HASIVU_SUITE'] === 'storm' ? 60 : 8;
  const scale = process.env['HASIVU_SUITE'] === 'storm' ? 5 : 1;
  await using pipeline = await PipelineUnderTest.create({
    name: 'pgbench',
    tables: [
      'public.pgbench_accounts',
      'public.pgbench_branches',
      'public.pgbench_tellers',
      'public.pgbench_history',
    ],
  });
  await pgbench(pipeline.database.url, ['-i', '-q', '-s', String(scale)]);
  await pipeline.startAll();
  await pgbench(pipeline.database.url, ['-n', '-c', '4', '-j', '2', '-T', String(seconds)]);
  for (const [table, key] of KEYED) await pipeline.silverEventuallyEquals(table, [key]);
  await pipeline.eventually(async () => {
    const history = await pipeline.readBronze('public.pgbench_history');
    const inserted = (history.ops['c'] ?? 0) + (history.ops['r'] ?? 0);
    return inserted === history.source_rows
      ? null
      : `bronze has ${inserted} inserts of ${history.source_rows}`;
  });
  const history = await pipeline.readBronze('public.pgbench_history');
  expect(history.repeated_positions).toBe(0);
  expect((history.ops['c'] ?? 0) + (history.ops['r'] ?? 0)).toBe(history.source_rows);
}, 600_000);
