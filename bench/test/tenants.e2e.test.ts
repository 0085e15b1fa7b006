import { expect, test } from '@jest/globals';

import { benchTenants } from '../src/tenants/tenants-bench.ts';

test('rows of many tenants in common files come to few files of the size they should have, and a tenant is read by few of them; a partition for each makes a file for each', async () => {
  const tenants = 120;
  const { lakes } = await benchTenants({
    tenants,
    rows: 60_000,
    flushRows: 2_000,
    layouts: ['partitions', 'clustered'],
    layers: ['bronze'],
    targetBytes: 1 << 20,
    signal: AbortSignal.timeout(500_000),
    report: () => undefined,
  });
  const [apart, together] = lakes;
  const partitions = apart?.tables[0];
  const clustered = together?.tables[0];
  if (partitions === undefined || clustered === undefined) throw new Error('both layouts are measured');
  // As written: a file for each tenant and commit, against one for each commit.
  expect(partitions.written.band.partitions).toBe(tenants);
  expect(partitions.written.band.files).toBeGreaterThan(10 * clustered.written.band.files);
  // As kept: one file for each small tenant is the best there is; common files are as large as they should be.
  expect(partitions.kept.band.files).toBeLessThan(partitions.written.band.files / 2);
  expect(partitions.kept.band.shareInSmallPartitions).toBeGreaterThan(0.5);
  expect(clustered.kept.band.files).toBeLessThanOrEqual(clustered.written.band.files);
  expect(clustered.kept.band.files).toBeLessThanOrEqual(20);
  // Whatever the layout, a reader of one tenant leaves out the files of the others.
  for (const [at, read] of partitions.kept.reads.entries()) {
    expect(read.files).toBeGreaterThan(0);
    expect(clustered.kept.reads[at]?.files).toBeLessThanOrEqual(clustered.written.reads[at]?.files ?? 0);
  }
  for (const { sink, keeper } of lakes)
    for (const { peakRssMiB } of [sink, keeper]) expect(peakRssMiB).toBeLessThanOrEqual(256);
}, 600_000);
