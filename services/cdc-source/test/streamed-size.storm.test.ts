import { readFileSync } from 'node:fs';

import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

const ROWS = 1_000_000;
const LIMIT_MIB = 256;

test(`a transaction of ${ROWS} rows is received in progress, beside one that is rolled back, under ${LIMIT_MIB} MiB`, async () => {
  await using source = await SourceUnderTest.create('size');
  await source.sql('CREATE TABLE readings (id int PRIMARY KEY, note text, at timestamptz)');
  await source.sql(`ALTER DATABASE "${source.database.name}" SET logical_decoding_work_mem = '64kB'`);
  const service = await source.start({ tables: ['public.readings'] });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  let spooled = 0;
  const insert = (from: number, count: number): string =>
    `INSERT INTO readings SELECT g, md5(g::text), now() FROM generate_series(${from}, ${from + count - 1}) g`;
  const undone = `DO $$ BEGIN
      BEGIN ${insert(2_000_000, ROWS / 4)}; RAISE EXCEPTION 'undone'; EXCEPTION WHEN raise_exception THEN NULL; END;
    END $$`;
  const writing = Promise.all([source.sql(insert(1, ROWS)), source.sql(undone)]);
  const rows = 'hasivu_source_rows_total{database="default",table="public.readings",op="c"}'.replace(
    /[{}]/g,
    '\\$&',
  );
  await waitFor(
    'every row to be in Kafka',
    async () => {
      spooled = Math.max(spooled, await metric('hasivu_source_spool_bytes'));
      return (await metric(rows)) >= ROWS;
    },
    { timeoutMs: 600_000 },
  );
  await writing;
  await source.settled();
  expect(await metric(rows)).toBe(ROWS);
  await waitFor('the spools to be gone', async () => (await metric('hasivu_source_spool_bytes')) === 0);
  const peak =
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024;
  console.log(`spooled up to ${Math.round(spooled / 2 ** 20)} MiB, resident up to ${Math.round(peak)} MiB`);
  // Far more than the memory for spools: it went through files.
  expect(spooled).toBeGreaterThan(32 * 2 ** 20);
  expect(peak).toBeLessThanOrEqual(LIMIT_MIB);
}, 900_000);
