import { testDatabase, uniqueName } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

test('the stream says nothing of what attributes a composite has: values change their form without a relation message', async () => {
  await using database = await testDatabase('composites');
  const slot = uniqueName('composites');
  await database.query('CREATE TYPE place AS (x int, name text)');
  await database.query('CREATE TABLE t (id int PRIMARY KEY, at place)');
  await database.query('CREATE PUBLICATION p FOR TABLE t');
  await database.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  try {
    await database.query("INSERT INTO t VALUES (1, ROW(5, 'five'))");
    await database.query('ALTER TYPE place ADD ATTRIBUTE height int CASCADE');
    await database.query("INSERT INTO t VALUES (2, ROW(6, 'six', 60))");
    await database.query('ALTER TYPE place DROP ATTRIBUTE x CASCADE');
    await database.query("INSERT INTO t VALUES (3, ROW('seven', 70))");
    await database.query('ALTER TYPE place RENAME ATTRIBUTE name TO called CASCADE');
    await database.query("INSERT INTO t VALUES (4, ROW('eight', 80))");
    await database.query('ALTER TABLE t ADD COLUMN more int');
    await database.query("INSERT INTO t VALUES (5, ROW('nine', 90))");
    const messages = await database.query<{ data: Buffer }>(
      `SELECT data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', 'p')`,
      [slot],
    );
    const kinds = messages
      .map(({ data }) => data.toString('latin1', 0, 1))
      .filter((kind) => /[RYI]/.test(kind));
    // Its type (Y) and a relation message (R) come before the first row and after a change of the table, not of the type.
    expect(kinds.join('')).toBe('YRIIIIYRI');
    const rows = messages.filter(({ data }) => data[0] === 0x49).map(({ data }) => data.toString('latin1'));
    expect(rows.map((row) => /\(.*\)/.exec(row)?.[0])).toEqual([
      '(5,five)',
      '(6,six,60)',
      '(seven,70)',
      '(eight,80)',
      '(nine,90)',
    ]);
    // Rows of before are sent as the type is when they are sent, whatever their own had.
    const stored = await database.query<{ at: string }>('SELECT at::text FROM t ORDER BY id');
    expect(stored.map(({ at }) => at)).toEqual([
      '(five,)',
      '(six,60)',
      '(seven,70)',
      '(eight,80)',
      '(nine,90)',
    ]);
  } finally {
    await database.query('SELECT pg_drop_replication_slot($1)', [slot]);
  }
}, 60_000);
