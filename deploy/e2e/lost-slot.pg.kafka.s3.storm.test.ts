import { waitFor } from '@hasivu/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { LostSlotScenario, SEGMENT } from './lost-slot-scenario.ts';

let scenario: LostSlotScenario;

beforeAll(async () => {
  scenario = await LostSlotScenario.create();
});

afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
});

test('a slot that is dropped under the running source is made again, and the tables converge', async () => {
  await using pipeline = await scenario.pipeline('dropped_running', { onLostSlot: 'resnapshot' });
  const { pid } = pipeline.service('cdc-source');
  process.kill(pid, 'SIGSTOP');
  await scenario.dropSlot(pipeline.slot);
  await scenario.changeInTheGap();
  process.kill(pid, 'SIGCONT');
  await scenario.converged(pipeline);
});

test('a slot that max_slot_wal_keep_size invalidated is found at the start, and the tables converge', async () => {
  await using pipeline = await scenario.pipeline('invalidated', { onLostSlot: 'resnapshot' });
  await scenario.server.query("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
  await scenario.server.query('SELECT pg_reload_conf()');
  await pipeline.service('cdc-source').stop();
  await scenario.changeInTheGap();
  await waitFor('the slot to be lost', async () => {
    await scenario.writeLog(3 * SEGMENT);
    await scenario.server.query('CHECKPOINT');
    return (await scenario.slotStatus(pipeline.slot)) === 'lost';
  });
  await scenario.server.query('ALTER SYSTEM RESET max_slot_wal_keep_size');
  await scenario.server.query('SELECT pg_reload_conf()');
  await pipeline.start('cdc-source');
  await scenario.converged(pipeline);
});

test('a slot beyond retainedLog.maxBytes is dropped at the start, and the tables converge', async () => {
  await using pipeline = await scenario.pipeline('bound', {
    onLostSlot: 'resnapshot',
    retainedLog: { maxBytes: 4 * SEGMENT },
  });
  await pipeline.service('cdc-source').stop();
  await scenario.changeInTheGap();
  await scenario.writeLog(6 * SEGMENT);
  await pipeline.start('cdc-source');
  await scenario.converged(pipeline);
  expect(pipeline.service('cdc-source').output.join('\n')).toContain('SOURCE_LOG_BOUND');
});
