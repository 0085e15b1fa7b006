import { serverVersion } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('failover');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

async function isFailoverSlot(): Promise<unknown> {
  const [row] = await source.sql('SELECT failover FROM pg_replication_slots WHERE slot_name = $1', [
    source.slot,
  ]);
  return row?.['failover'];
}

test('a slot is made for the standbys too, and one that was not is altered at the next start', async () => {
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  if ((await serverVersion(source.database)) < 17) {
    const failover = { tables: ['public.items'], postgres: 'failover: true' };
    await source.refused(failover, /SOURCE_FAILOVER_UNSUPPORTED.*the server is version/);
    return;
  }
  const first = await source.start({ tables: ['public.items'] });
  expect(await isFailoverSlot()).toBe(false);
  await first.stop();
  await source.sql('INSERT INTO items VALUES (1)');
  const second = await source.start({ tables: ['public.items'], postgres: 'failover: true' });
  expect(await isFailoverSlot()).toBe(true);
  await source.settled();
  expect((await source.events('public.items')).map(({ op }) => op)).toEqual(['c']);
  await second.stop();

  await source.sql('SELECT pg_drop_replication_slot($1)', [source.slot]);
  await source.start({ tables: ['public.items'], postgres: 'failover: true, onLostSlot: resnapshot' });
  expect(await isFailoverSlot()).toBe(true);
});
