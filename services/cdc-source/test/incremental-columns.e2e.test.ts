import { expect, test } from '@jest/globals';

import { outcomesOf, snapshotOf } from './snapshot-signals.ts';
import { byPosition, SourceUnderTest } from './source-under-test.ts';

const COLUMNS = 16;

test('rows that are read beside the stream while columns are added stand on the side of the change that they have the shape of', async () => {
  await using source = await SourceUnderTest.create('initialorder');
  await source.sql('CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL)');
  await source.sql('INSERT INTO items SELECT i, 0 FROM generate_series(1, 60) i');
  await source.start({ tables: ['public.items'], postgres: 'snapshot: never, signalMessages: all' });
  let adding = true;
  const write = async (): Promise<void> => {
    for (let i = 1; adding; i++) await source.sql('UPDATE items SET n = n + 1 WHERE id = $1', [1 + (i % 50)]);
  };
  const read = async (): Promise<void> => {
    while (adding) {
      // A chunk is open for long enough that changes of the table begin while it is read.
      const id = await snapshotOf(source, 'public.items', 'id > 40 AND pg_sleep(0.002) IS NOT NULL');
      expect(await outcomesOf(source, id)).toMatchObject([{ result: 'done' }]);
    }
  };
  const others = [write(), read()];
  for (let i = 0; i < COLUMNS; i++) {
    const added = `ALTER TABLE items ADD COLUMN c${i} int DEFAULT 5`;
    // Rows of both shapes have the position of one commit, and every other column comes alone.
    if (i % 2 === 0) await source.sql(added);
    else
      await source.sql(
        `BEGIN; UPDATE items SET n = n + 1 WHERE id = 51; ${added}; UPDATE items SET c${i} = NULL WHERE id = 52; COMMIT`,
      );
    await source.sql('UPDATE items SET n = n + 1 WHERE id = 53');
    await source.sql('SELECT pg_sleep(0.3)');
  }
  adding = false;
  await Promise.all(others);
  await source.settled();
  const rows = (await source.events('public.items')).filter(({ after }) => after !== null).sort(byPosition);
  const columns = rows.map(({ after }) => Object.keys(after ?? {}).length);
  // What the sink takes for granted: no row with a column stands before one without it.
  expect(columns.filter((count, i) => count < (columns[i - 1] ?? 0))).toEqual([]);
  const wrong = rows.filter(({ key, after }) =>
    Object.entries(after ?? {}).some(
      ([name, value]) => name.startsWith('c') && value !== 5 && !(key?.['id'] === 52 && value === null),
    ),
  );
  expect(wrong).toEqual([]);
  const shapesRead = new Set(columns.filter((_, i) => rows[i]?.snapshot === 'incremental'));
  expect(shapesRead.size).toBeGreaterThan(COLUMNS / 2);
}, 180_000);
