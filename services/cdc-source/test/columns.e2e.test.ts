import { createHmac } from 'node:crypto';

import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { byPosition, printed, SourceUnderTest, stateOf } from './source-under-test.ts';

const SALT = 'pepper and salt';
const hashed = (text: string): string => createHmac('sha256', SALT).update(text).digest('hex');

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('columns');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

test('columns are left out, masked, shortened and hashed in copies, changes and keys; rows are filtered', async () => {
  await source.sql(
    `CREATE TABLE students (id int PRIMARY KEY, email text, phone text, bio text, secret text, score numeric(6,2))`,
  );
  await source.sql('CREATE TABLE people (ssn text PRIMARY KEY, age int, secret text)');
  await source.sql('ALTER TABLE people REPLICA IDENTITY FULL');
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY, v text)');
  await source.sql('CREATE TABLE tmp_x (id int PRIMARY KEY)');
  await source.sql("INSERT INTO students VALUES (1, 'a@b.de', '123', 'grüße aus', 'never', 'NaN')");
  await source.sql("INSERT INTO people VALUES ('111-1', 30, 'never'), ('222-2', 31, 'never')");
  await source.sql("INSERT INTO orders VALUES (1, 'small'), (100, 'large')");
  const service = await source.start({
    tables: ['public.*'],
    env: { SALT },
    postgres: `exclude: ["public.tmp_*"], rows: { public.orders: "id >= 100" }, columns: {
      public.students: { exclude: [secret], mask: { phone: "***", score: "?" }, truncate: { bio: 5 }, hash: { salt: "env:SALT", columns: ["mail|email"] } },
      public.people: { exclude: [secret], hash: { salt: "env:SALT", columns: [ssn, age] } } }`,
  });
  const [published] = await source.sql<{ attnames: string }>(
    "SELECT attnames::text FROM pg_publication_tables WHERE pubname = 'cdc' AND tablename = 'students'",
  );
  expect(published?.attnames).toBe('{id,email,phone,bio,score}');
  await source.sql("INSERT INTO students VALUES (2, 'c@d.de', '456', 'kurz', 'never', 'NaN')");
  await source.sql("UPDATE students SET email = NULL, secret = 'never again' WHERE id = 2");
  await source.sql("UPDATE people SET ssn = '333-3', secret = 'never' WHERE ssn = '222-2'");
  await source.sql("DELETE FROM people WHERE ssn = '111-1'");
  await source.sql("INSERT INTO orders VALUES (2, 'small'), (200, 'large')");
  await source.sql('UPDATE orders SET id = 3 WHERE id = 100');
  await source.settled();

  const students = (await source.events('public.students')).sort(byPosition);
  expect(students.map(({ after }) => after)).toEqual([
    { id: 1, email: hashed('a@b.de'), phone: '***', bio: 'grüße', score: '?' },
    { id: 2, email: hashed('c@d.de'), phone: '***', bio: 'kurz', score: '?' },
    { id: 2, email: null, phone: '***', bio: 'kurz', score: '?' },
  ]);
  expect(students.map(({ headers }) => headers)).toEqual([{}, {}, {}]);

  const people = await source.events('public.people');
  expect(printed(people)).not.toMatch(/never|111-1|222-2|333-3/);
  expect([...stateOf(people).entries()]).toEqual([
    [printed({ ssn: hashed('333-3') }), { ssn: hashed('333-3'), age: hashed('31') }],
  ]);
  expect(people.find((event) => event.op === 'd' && event.before?.['age'] === hashed('30'))?.key).toEqual({
    ssn: hashed('111-1'),
  });

  const orders = (await source.events('public.orders')).sort(byPosition).filter(({ op }) => op !== null);
  expect(orders.map(({ op, key }) => [op, key?.['id']])).toEqual([
    ['r', 100],
    ['c', 200],
    ['d', 100],
  ]);
  expect((await source.topicNames()).filter((name) => name.includes('tmp_'))).toEqual([]);
  expect(service.output.join('\n')).not.toMatch(/a@b\.de|never/);
  await service.stop();

  // A column that is treated and gets another name is not written under that.
  await source.sql('ALTER TABLE people RENAME COLUMN ssn TO tax_id');
  await source.sql("INSERT INTO people VALUES ('444-4', 5, 'never')");
  const next = await source.launch({
    tables: ['public.people'],
    env: { SALT },
    postgres: 'columns: { public.people: { exclude: [secret], hash: { salt: "env:SALT", columns: [ssn] } } }',
  });
  expect((await next.exited).code).toBe(2);
  expect(next.output.join('\n')).toContain('SOURCE_TABLE_RULE');
  expect(printed(await source.events('public.people'))).not.toContain('444-4');
}, 180_000);

test('a condition that would make updates fail is refused, and nothing is published', async () => {
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY, total int)');
  const service = await source.launch({
    tables: ['public.orders'],
    postgres: 'rows: { public.orders: "total > 5" }',
  });
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toContain('total, which the replica identity lacks');
  await source.sql('INSERT INTO orders VALUES (1, 1)');
  await source.sql('UPDATE orders SET total = 9');
}, 60_000);
