import { pgoutputOptions, ReplicationStream, WireConnection } from '@hasivu/postgres';
import { toLsn } from '@hasivu/change-events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

const OPTIONS = { tables: ['public.items'] };

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('holder');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const first = await source.start(OPTIONS);
  await first.stop();
  await source.sql('INSERT INTO items VALUES (1)');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

/** A session that streams from the slot, and says nothing more. */
async function streamAs(applicationName: string): Promise<ReplicationStream> {
  const connection = await WireConnection.open(
    { url: source.database.url, applicationName },
    { replication: true },
  );
  return await ReplicationStream.start(connection, {
    slot: source.slot,
    plugin: pgoutputOptions({
      publication: 'cdc',
      serverVersion: 140000,
      binary: false,
      streaming: false,
      twoPhase: false,
      origin: 'any',
    }),
    startLsn: toLsn(0n),
    statusIntervalMs: 1_000,
    confirmedLsn: () => toLsn(0n),
  });
}

test('what the server keeps of a predecessor that died is ended, and the stream goes on', async () => {
  const left = await streamAs(`hasivu-cdc-source ${source.slot}`);
  const service = await source.start(OPTIONS);
  await source.settled();
  expect((await source.events('public.items')).map(({ op }) => op)).toEqual(['c']);
  expect(service.output.join('\n')).toContain('was still held for a predecessor');
  await left.close();
});

test('another consumer of the slot is left alone and named', async () => {
  const other = await streamAs('somebody else');
  const service = await source.launch(OPTIONS);
  expect(await service.exited).toMatchObject({ code: 2 });
  expect(service.output.join('\n')).toMatch(
    /SOURCE_SLOT_ACTIVE.*server process \d+ \("somebody else" from .*holds it/,
  );
  await other.close();
});

test('a living copy is left alone and named', async () => {
  const living = await source.start(OPTIONS);
  const config = { ...OPTIONS, postgres: 'snapshot: never' };
  const second = await source.launch(config);
  expect(await second.exited).toMatchObject({ code: 2 });
  expect(second.output.join('\n')).toMatch(
    new RegExp(`SOURCE_SLOT_ACTIVE.*server process \\d+ \\("hasivu-cdc-source ${source.slot}"`),
  );
  expect(living.running).toBe(true);
  expect(await living.stop()).toMatchObject({ code: 0 });
});
