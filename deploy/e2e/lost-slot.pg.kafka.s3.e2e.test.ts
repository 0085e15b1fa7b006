import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';

import { LostSlotScenario, SEGMENT } from './lost-slot-scenario.ts';

let scenario: LostSlotScenario;

beforeAll(async () => {
  scenario = await LostSlotScenario.create();
});

afterAll(async () => {
  await scenario[Symbol.asyncDispose]();
});

test('a slot that is dropped while the source is away stops it, and with resnapshot the tables converge', async () => {
  await using pipeline = await scenario.pipeline('dropped_stopped', {});
  await pipeline.service('cdc-source').stop();
  await scenario.server.query('SELECT pg_drop_replication_slot($1)', [pipeline.slot]);
  await scenario.changeInTheGap();
  const refused = await pipeline.start('cdc-source');
  expect(await refused.exited).toMatchObject({ code: 2 });
  expect(refused.output.join('\n')).toMatch(
    /SOURCE_SLOT_LOST.*set source\.postgres\.onLostSlot to resnapshot/,
  );
  pipeline.reconfigure({ source: { postgres: { onLostSlot: 'resnapshot' } } });
  await pipeline.start('cdc-source');
  await scenario.converged(pipeline);
});

test('a slot that a long transaction holds beyond maxBytes under the running source is dropped, with exit code 2', async () => {
  await using pipeline = await scenario.pipeline('bound_running', { retainedLog: { maxBytes: 2 * SEGMENT } });
  const source = pipeline.service('cdc-source');
  const open = new pg.Client({ connectionString: scenario.server.url });
  await open.connect();
  await open.query('BEGIN');
  await open.query('SELECT pg_current_xact_id()');
  await scenario.writeLog(4 * SEGMENT);
  expect(await source.exited).toMatchObject({ code: 2 });
  await open.end();
  expect(source.output.join('\n')).toContain('SOURCE_LOG_BOUND');
  expect(await scenario.slotStatus(pipeline.slot)).toBeUndefined();
});
