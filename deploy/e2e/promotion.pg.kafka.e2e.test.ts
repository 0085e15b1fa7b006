import { waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { PromotionScenario } from './promotion-scenario.ts';

test('a standby that has all that was published is promoted under load: the stream goes on there, once and without a gap', async () => {
  await using scenario = await PromotionScenario.create();
  await scenario.holdBackForStandby();
  const service = await scenario.start();
  await service.waitReady();
  scenario.startWriting();
  await scenario.slotIsSynchronised();
  await scenario.wrote(2_000);
  await scenario.crash();
  await scenario.promote();
  await scenario.wrote(2_000);
  await scenario.stopWriting();
  await scenario.source.settled(120_000);
  await scenario.nothingIsMissing();
  await scenario.readersHoldTheServersState();
  expect(service.running).toBe(true);
  expect(service.output.join('\n')).not.toMatch(/DIVERGED|were lost/);
}, 300_000);

test('a standby that lacks what was published stops the source; with resnapshot it converges and tells of the gap', async () => {
  await using scenario = await PromotionScenario.create();
  const service = await scenario.start();
  await service.waitReady();
  scenario.startWriting();
  await scenario.slotIsSynchronised();
  await scenario.wrote(500);
  await scenario.standby.stop();
  await scenario.wrote(2_000);
  await scenario.stopWriting();
  await scenario.source.settled();
  await scenario.crash();
  await scenario.standby.launch();
  await scenario.promote();
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output.join('\n')).toMatch(/SOURCE_TIMELINE_DIVERGED.*leaves timeline 1 at/);

  const again = await scenario.start(', onLostSlot: resnapshot');
  await again.waitReady(120_000);
  scenario.startWriting();
  await scenario.wrote(500);
  await scenario.stopWriting();
  await scenario.source.settled();
  await scenario.readersHoldTheServersState();
  expect(again.output.join('\n')).toContain('was moved on');
  expect(await again.metrics()).toMatch(/hasivu_source_gaps_total\{[^}]*code="SOURCE_TIMELINE_DIVERGED"\} 1/);
  expect(again.output.join('\n')).toMatch(/changes after \S+ \(-?\d+\) were lost/);
}, 300_000);

test('a standby that lacks only log without an event is read on, and what it writes in its place is no repeat', async () => {
  await using scenario = await PromotionScenario.create();
  const service = await scenario.start();
  await service.waitReady();
  scenario.startWriting();
  await scenario.slotIsSynchronised();
  await scenario.wrote(500);
  await scenario.stopWriting();
  await scenario.source.settled();
  await waitFor('the standby to have it all', async () => {
    const [row] = await scenario.primary.query<{ all: boolean }>(
      'SELECT bool_and(replay_lsn = pg_current_wal_lsn()) AS all FROM pg_stat_replication WHERE state = $1 AND application_name = $2',
      ['streaming', 'walreceiver'],
    );
    return row?.all === true;
  });
  await scenario.standby.stop();
  for (let i = 0; i < 200; i++) {
    await scenario.source.sql("SELECT pg_logical_emit_message(false, 'hasivu.note', repeat('x', 1000))");
    await scenario.source.sql('INSERT INTO aside VALUES (1)');
  }
  const [end] = await scenario.source.sql<{ lsn: string }>(
    "SELECT (pg_current_wal_lsn() - '0/0')::text AS lsn",
  );
  await waitFor(
    'the position to be durable',
    async () => (await scenario.source.confirmedLsn()) >= BigInt(end?.lsn ?? 0),
    { timeoutMs: 60_000 },
  );
  await scenario.crash();
  await scenario.standby.launch();
  await scenario.promote();
  scenario.startWriting();
  await scenario.wrote(1_000);
  await scenario.stopWriting();
  await scenario.source.settled(120_000);
  await scenario.nothingIsMissing();
  await scenario.readersHoldTheServersState();
  expect(service.output.join('\n')).not.toMatch(/DIVERGED|were lost/);
}, 300_000);

test('a standby is the source where the URL asks for one', async () => {
  await using scenario = await PromotionScenario.create();
  await scenario.source.sql('CREATE PUBLICATION cdc FOR TABLE accounts, log, settled');
  const service = await scenario.source.launch({
    tables: ['public.accounts', 'public.log'],
    url: `${scenario.url}?target_session_attrs=standby`,
  });
  let ready = false;
  const readiness = service.waitReady(120_000).finally(() => (ready = true));
  // A slot of a standby begins where the primary notes which transactions are running.
  await waitFor(
    'the stream to begin',
    async () => {
      await scenario.primary.query('SELECT pg_log_standby_snapshot()');
      return ready;
    },
    { timeoutMs: 120_000 },
  );
  await readiness;
  scenario.startWriting();
  await scenario.wrote(500);
  await scenario.stopWriting();
  await scenario.source.settled();
  await scenario.nothingIsMissing();
  await scenario.readersHoldTheServersState();
  const slots = "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical'";
  expect(await scenario.primary.query(slots)).toEqual([]);
  expect(await scenario.standby.query(slots)).toHaveLength(1);
}, 300_000);
