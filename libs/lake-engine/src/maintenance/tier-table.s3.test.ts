import { expect, test } from '@jest/globals';
import { field, keyOfPath } from '@hasivu/delta';
import { bucketPrefix } from '@hasivu/testing';
import { createS3Store } from '../../../object-store/src/index.ts';
import { TableBench } from '../../test/table-bench.ts';
import { tierTable } from './tier-table.ts';

const DAY = 86_400_000;
const FIELDS = [
  field('id', 'long'),
  field('noise', 'string'),
  field('_lsn', 'long'),
  field('_seq', 'long'),
  field('_committed_at', 'timestamp'),
  field('_op', 'string'),
];
const RULES = [
  { tier: 'warm' as const, afterMs: 30 * DAY, storageClass: 'STANDARD_IA' },
  { tier: 'cold' as const, afterMs: 180 * DAY, storageClass: 'GLACIER_IR' },
];

test('files move by the age of their rows to classes that the store tells, the log does not, and every row is read as before', async () => {
  await using place = bucketPrefix('tiers');
  const store = createS3Store(place);
  await using bench = await TableBench.open(store);
  const table = await bench.create({ root: 'bronze/public/orders', fields: FIELDS });
  const nowMs = Date.now();
  for (const days of [0, 60, 300])
    await bench.append(
      table,
      `SELECT i::BIGINT AS id, md5(i::VARCHAR) || md5((i * 7)::VARCHAR) AS noise, i::BIGINT AS _lsn, 0::BIGINT AS _seq, to_timestamp(${nowMs / 1000 - days * 86_400}) AS _committed_at, 'c' AS _op FROM range(10000) r(i)`,
    );
  await table.delta.checkpoint();
  const before = await bench.digest(table);
  const options = { rules: RULES, nowMs: () => nowMs };
  const dry = await tierTable(table.delta, store, { ...options, dryRun: true });
  expect([dry.plan.moves.length, dry.movedFiles]).toEqual([2, 0]);
  const { version } = table.delta.state;
  const report = await tierTable(table.delta, store, options);
  expect([report.movedFiles, report.stopped]).toEqual([2, false]);
  const classes: (string | undefined)[] = [];
  for (const file of table.delta.state.files.values())
    classes.push((await store.head(`${table.root}/${keyOfPath(file.path)}`))?.storageClass);
  expect(classes.map((name) => name ?? 'STANDARD')).toEqual(['STANDARD', 'STANDARD_IA', 'GLACIER_IR']);
  for await (const { storageClass } of store.list(`${table.root}/_delta_log/`))
    expect(storageClass ?? 'STANDARD').toBe('STANDARD');
  const fresh = await bench.reopen(table.root);
  expect(fresh.delta.state.version).toBe(version);
  for (const file of fresh.delta.state.files.values())
    await bench.cache.forget(`${table.root}/${keyOfPath(file.path)}`);
  expect(await bench.digest(fresh)).toBe(before);
  expect((await tierTable(fresh.delta, store, options)).movedFiles).toBe(0);
  // Somebody reads the cold one again.
  const read = await tierTable(fresh.delta, store, { ...options, lastReadMs: () => nowMs - DAY });
  expect(read.movedFiles).toBe(2);
  expect([...read.plan.bytesThen.keys()]).toEqual(['STANDARD']);
  store.close();
});
