import { expect, test } from '@jest/globals';

import { schemaChangesOf } from './schema-changes-seen.ts';
import { SourceUnderTest } from './source-under-test.ts';

const ROUNDS = 6;

test('DDL among rows, with the source killed again and again: every statement once, at its place', async () => {
  await using source = await SourceUnderTest.create('ddl-crash');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  const options = { tables: ['public.items'], postgres: 'schemaChanges: true' };
  await (await source.start(options)).stop();
  const failpoints = ['before-kafka-commit', 'after-kafka-commit:2', 'relation-adopted', 'before-confirm'];
  for (let round = 0; round < ROUNDS; round++) {
    const failpoint = failpoints[round];
    const service = await source.launch({
      ...options,
      env: failpoint === undefined ? {} : { HASIVU_FAILPOINT: failpoint, HASIVU_TEST_FAILPOINTS: '1' },
    });
    await service.waitReady().catch(() => undefined);
    await source.sql(`DO $$ BEGIN
      INSERT INTO items (id) VALUES (${round * 2});
      ALTER TABLE items ADD COLUMN c${round} int;
      INSERT INTO items (id, c${round}) VALUES (${round * 2 + 1}, ${round});
    END $$`);
    await source.sql(`COMMENT ON TABLE items IS 'round ${round}'`);
    if (failpoint === undefined) await source.kill();
    else await service.exited;
  }
  await source.start(options);
  await source.settled();

  const seen = (await schemaChangesOf(source)).filter(({ id }) => id === '"public"."items"');
  expect(new Set(seen.map(({ position }) => position)).size).toBe(seen.length);
  const told = seen
    .filter(({ command }) => command !== null)
    .map(({ command, changes }) => [command, changes]);
  expect(told).toEqual(
    Array.from({ length: ROUNDS }, (_, round) => [
      ['ALTER TABLE', [`column "c${round}" is new: integer`]],
      ['COMMENT', ['the table has another comment']],
    ]).flat(),
  );
  // The first row had its shape announced; every later one was told by a statement, ahead of the rows that have it.
  expect(seen.map(({ command }) => command).indexOf(null)).toBe(0);
  expect(seen.filter(({ command }) => command === null)).toHaveLength(1);
  const rows = await source.events('public.items');
  expect(rows.map(({ after }) => Number(after?.['id'])).sort((a, b) => a - b)).toEqual(
    Array.from({ length: ROUNDS * 2 }, (_, i) => i),
  );
}, 300_000);

test('DDL in a transaction that is streamed in progress: at its place, and not what a savepoint rolled back', async () => {
  await using source = await SourceUnderTest.create('ddl-streamed');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY)');
  await source.sql(
    `ALTER DATABASE "${source.database.name}" SET debug_logical_replication_streaming = 'immediate'`,
  );
  await source.start({ tables: ['public.items'], postgres: 'schemaChanges: true' });
  await source.sql(`BEGIN;
    INSERT INTO items VALUES (1);
    SAVEPOINT undone;
    ALTER TABLE items ADD COLUMN undone int;
    INSERT INTO items VALUES (2, 2);
    ROLLBACK TO SAVEPOINT undone;
    SAVEPOINT kept;
    ALTER TABLE items ADD COLUMN kept int;
    RELEASE SAVEPOINT kept;
    INSERT INTO items VALUES (3, 3);
    ALTER TABLE items RENAME COLUMN kept TO held;
    INSERT INTO items VALUES (4, 4);
    COMMIT`);
  await source.settled();
  const seen = (await schemaChangesOf(source)).filter(({ id }) => id === '"public"."items"');
  expect(seen.map(({ command, position, changes }) => [command, position.split(':')[1], changes])).toEqual([
    [null, '0', []],
    ['ALTER TABLE', '1', ['column "kept" is new: integer']],
    ['ALTER TABLE', '3', ['column "kept" is gone', 'column "held" is new: integer']],
  ]);
  const rows = (await source.events('public.items')).sort((a, b) => a.seq - b.seq);
  expect(rows.map(({ seq, after }) => [seq, after])).toEqual([
    [0, { id: 1 }],
    [2, { id: 3, kept: 3 }],
    [4, { id: 4, held: 4 }],
  ]);
}, 120_000);
