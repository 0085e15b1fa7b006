import { waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { printed, SourceUnderTest, stateOf } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('stream');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

const ops = async (table: string): Promise<(string | null)[]> => {
  const events = await source.events(table);
  return events.sort((a, b) => (a.commitLsn < b.commitLsn ? -1 : 1)).map((event) => event.op);
};

describe('changes while it runs', () => {
  test('key update, delete with tombstone, unchanged TOAST, truncate, odd values', async () => {
    await source.sql(
      'CREATE TABLE items (id int PRIMARY KEY, name text, price numeric(8,2), big text, at timestamptz)',
    );
    await source.sql('ALTER TABLE items ALTER big SET STORAGE EXTERNAL');
    await source.sql('CREATE TABLE whole (id int PRIMARY KEY, n int, big text)');
    await source.sql('ALTER TABLE whole REPLICA IDENTITY FULL');
    await source.sql('ALTER TABLE whole ALTER big SET STORAGE EXTERNAL');
    await source.start({ tables: ['public.items', 'public.whole'] });
    const big = 'x'.repeat(10_000);
    await source.sql('INSERT INTO items VALUES (1, $1, 12.5, $2, $3)', ['ä', big, 'infinity']);
    await source.sql("UPDATE items SET name = 'b' WHERE id = 1");
    await source.sql('UPDATE items SET id = 2 WHERE id = 1');
    await source.sql('DELETE FROM items WHERE id = 2');
    await source.sql('INSERT INTO whole VALUES (1, 1, $1)', [big]);
    await source.sql('UPDATE whole SET n = 2');
    await source.sql('TRUNCATE items, whole');
    await source.settled();

    const items = (await source.events('public.items')).sort(
      (a, b) => Number(a.commitLsn - b.commitLsn) || a.seq - b.seq,
    );
    const changes = items.filter((event) => event.op !== null);
    expect(changes.map(({ op, key }) => [op, key?.['id']])).toEqual([
      ['c', 1],
      ['u', 1],
      ['d', 1],
      ['c', 2],
      ['d', 2],
      ['t', undefined],
    ]);
    expect(items.flatMap(({ op, key }) => (op === null ? [key?.['id']] : [])).sort()).toEqual([1, 2]);
    expect(changes[0]?.after).toEqual({ id: 1, name: 'ä', price: 1250n, big, at: 253402300799999999n });
    expect(changes[0]?.headers).toEqual({ 'pg.text.at': 'infinity' });
    expect(changes[1]).toMatchObject({
      unavailable: ['big'],
      after: { name: 'b', big: '__debezium_unavailable_value' },
    });
    expect(changes[2]).toMatchObject({ before: { id: 1, name: null }, after: null });
    expect(changes[5]).toMatchObject({ partition: 0, key: null, before: null, after: null });

    const whole = (await source.events('public.whole')).sort((a, b) => (a.commitLsn < b.commitLsn ? -1 : 1));
    expect(whole.map(({ op }) => op)).toEqual(['c', 'u', 't']);
    expect(whole[1]).toMatchObject({ before: { n: 1, big }, after: { n: 2, big }, unavailable: [] });
  }, 120_000);

  test('columns added, dropped, renamed and widened; a table that lost its key columns order', async () => {
    await source.sql('CREATE TABLE evolving (b int, a int, v int, gone text, PRIMARY KEY (a, b))');
    await source.start({ tables: ['public.evolving'] });
    await source.sql("INSERT INTO evolving VALUES (1, 2, 3, 'x')");
    await source.sql('ALTER TABLE evolving ADD COLUMN added numeric(6,1) DEFAULT 1.5');
    await source.sql("INSERT INTO evolving VALUES (3, 4, 5, 'x', 2.5)");
    await source.sql('ALTER TABLE evolving DROP COLUMN gone');
    await source.sql('ALTER TABLE evolving RENAME COLUMN v TO w');
    await source.sql('INSERT INTO evolving VALUES (5, 6, 7)');
    await source.sql('ALTER TABLE evolving ALTER w TYPE bigint');
    await source.sql('INSERT INTO evolving VALUES (7, 8, 9000000000)');
    await source.settled();
    const events = (await source.events('public.evolving')).sort((a, b) =>
      a.commitLsn < b.commitLsn ? -1 : 1,
    );
    expect(events.map(({ key, after }) => [printed(key), printed(after)])).toEqual([
      ['{"a":2,"b":1}', '{"b":1,"a":2,"v":3,"gone":"x"}'],
      ['{"a":4,"b":3}', '{"b":3,"a":4,"v":5,"gone":"x","added":"25"}'],
      ['{"a":6,"b":5}', '{"b":5,"a":6,"w":7,"added":"15"}'],
      ['{"a":8,"b":7}', '{"b":7,"a":8,"w":"9000000000","added":"15"}'],
    ]);
  }, 120_000);

  test('a partitioned table is one table, whatever its partitions do', async () => {
    await source.sql('CREATE TABLE parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)');
    await source.sql(
      "CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01')",
    );
    await source.sql("INSERT INTO parts VALUES (1, '2026-02-01')");
    await source.start({ tables: ['public.*'] });
    await source.sql(
      "CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM ('2026-07-01') TO ('2027-01-01')",
    );
    await source.sql("INSERT INTO parts VALUES (2, '2026-08-01')");
    await source.sql("UPDATE parts SET day = '2026-09-01' WHERE id = 1");
    await source.settled();
    const state = [...stateOf(await source.events('public.parts')).values()].map((row) => printed(row));
    expect(state.sort()).toEqual(['{"id":1,"day":20697}', '{"id":2,"day":20666}']);
    expect((await source.topicNames()).filter((name) => name.includes('parts_'))).toEqual([]);
  }, 120_000);

  test('an incompatible change of a type ends it with a code, and what came before is there', async () => {
    await source.sql('CREATE TABLE broken (id int PRIMARY KEY, v text)');
    const service = await source.start({ tables: ['public.broken'] });
    await source.sql("INSERT INTO broken VALUES (1, '1')");
    await source.settled();
    await source.sql('ALTER TABLE broken ALTER v TYPE int USING v::int');
    await source.sql('INSERT INTO broken VALUES (2, 2)');
    expect((await service.exited).code).toBe(2);
    expect(service.output.join('\n')).toContain('SOURCE_SCHEMA_INCOMPATIBLE');
    expect(await ops('public.broken')).toEqual(['c']);
  }, 120_000);
});

test('the snapshot and the stream meet without a gap or a repeat while others write', async () => {
  await source.sql('CREATE TABLE busy (id int PRIMARY KEY, n int, text text)');
  await source.sql('CREATE TABLE history (at int, who text)');
  await source.sql("INSERT INTO busy SELECT i, 0, 'row ' || i FROM generate_series(1, 20000) i");
  await source.sql("INSERT INTO history SELECT i, 'before' FROM generate_series(1, 5000) i");
  let writing = true;
  let next = 100_000;
  const writer = async (seed: number): Promise<void> => {
    for (let i = 0; writing; i++) {
      const id = ((seed * 7919 + i * 104729) % 20_000) + 1;
      await source.sql('UPDATE busy SET n = n + 1 WHERE id = $1', [id]);
      if (i % 3 === 0) await source.sql("INSERT INTO busy VALUES ($1, 0, 'new')", [next++]);
      if (i % 5 === 0) await source.sql('DELETE FROM busy WHERE id = $1', [((id * 31) % 20_000) + 1]);
      if (i % 2 === 0) await source.sql("INSERT INTO history VALUES ($1, 'during')", [i]);
    }
  };
  const writers = [1, 2, 3].map(writer);
  await source.start({ tables: ['public.busy', 'public.history'] });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  writing = false;
  await Promise.all(writers);
  await source.settled();

  const busy = await source.events('public.busy');
  expect(busy.filter((event) => event.op === 'r').length).toBeGreaterThan(15_000);
  expect(busy.filter((event) => event.op === 'u').length).toBeGreaterThan(10);
  const rows = await source.sql<{ id: number; n: number; text: string }>('SELECT id, n, text FROM busy');
  const expected = new Map(rows.map((row) => [printed({ id: row.id }), printed(row)]));
  const found = new Map([...stateOf(busy)].map(([key, row]) => [key, printed(row)]));
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [key, row] of expected) expect(found.get(key)).toBe(row);

  const history = await source.events('public.history');
  const [count] = await source.sql<{ n: string }>('SELECT count(*) AS n FROM history');
  expect(history.length).toBe(Number(count?.n));
}, 120_000);

test('an idle database does not hold back its log: the slot moves without events', async () => {
  await source.sql('CREATE TABLE quiet (id int PRIMARY KEY)');
  await source.sql('CREATE TABLE elsewhere (id int, filler text)');
  await source.start({ tables: ['public.quiet'] });
  const before = await source.confirmedLsn();
  await source.sql("INSERT INTO elsewhere SELECT i, repeat('x', 500) FROM generate_series(1, 5000) i");
  await waitFor(
    'the slot to move past the log of another table',
    async () => (await source.confirmedLsn()) > before + 1_000_000n,
    {
      timeoutMs: 60_000,
    },
  );
  expect(await source.events('public.quiet')).toEqual([]);
}, 120_000);

test('a server with little patience keeps the connection, idle and under load', async () => {
  await source.sql(`ALTER DATABASE "${source.database.name}" SET wal_sender_timeout = '1s'`);
  await source.sql('CREATE TABLE steady (id int PRIMARY KEY)');
  const service = await source.start({ tables: ['public.steady'] });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await source.sql('INSERT INTO steady SELECT generate_series(1, 60000)');
  await source.settled();
  expect(await source.events('public.steady')).toHaveLength(60_000);
  expect(service.logs.filter((line) => line['msg'] === 'streaming')).toHaveLength(1);
}, 120_000);

test('a stop drains: everything is confirmed, the next life repeats nothing, and a new table is copied', async () => {
  await source.sql('CREATE TABLE steady (id int PRIMARY KEY)');
  await source.sql('CREATE TABLE late (id int PRIMARY KEY, v text)');
  await source.sql("INSERT INTO late SELECT i, 'before' FROM generate_series(1, 100) i");
  const first = await source.start({ tables: ['public.steady'] });
  await source.sql('INSERT INTO steady SELECT generate_series(1, 1000)');
  await source.settled();
  expect(await first.stop()).toMatchObject({ code: 0 });
  await source.sql('INSERT INTO steady SELECT generate_series(1001, 2000)');
  await source.start({ tables: ['public.steady', 'public.late'] });
  await source.sql("UPDATE late SET v = 'after' WHERE id <= 10");
  await source.settled();
  const steady = await source.events('public.steady');
  expect(steady.map((event) => event.after?.['id'] as number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 2000 }, (_, i) => i + 1),
  );
  const late = await source.events('public.late');
  expect(late.filter((event) => event.op === 'r')).toHaveLength(100);
  expect(late.filter((event) => event.op === 'u')).toHaveLength(10);
}, 120_000);

test('a table that was dropped and made again, or left out for a while, is copied again', async () => {
  await source.sql('CREATE TABLE again (id int PRIMARY KEY)');
  await source.sql('CREATE TABLE paused (id int PRIMARY KEY)');
  await source.sql('INSERT INTO again VALUES (1)');
  await source.sql('INSERT INTO paused VALUES (1), (2)');
  await (await source.start({ tables: ['public.again', 'public.paused'] })).stop();
  await source.sql('DROP TABLE again');
  await source.sql('CREATE TABLE again (id int PRIMARY KEY)');
  await source.sql('INSERT INTO again VALUES (2)');
  const second = await source.start({ tables: ['public.again'] });
  await source.sql('DELETE FROM paused WHERE id = 1');
  await source.sql('INSERT INTO paused VALUES (3)');
  await source.settled();
  await second.stop();
  await source.start({ tables: ['public.again', 'public.paused'] });
  await source.settled();
  const ids = async (table: string): Promise<unknown[]> =>
    [...stateOf(await source.events(table)).values()].map((row) => row['id']).sort();
  expect(await ids('public.again')).toEqual([2]);
  expect(await ids('public.paused')).toEqual([2, 3]);
}, 120_000);
