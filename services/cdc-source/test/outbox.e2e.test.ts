import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest, type SeenRecord } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('outbox');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

const MESSAGES = 400;

test('messages arrive once and in order per aggregate, though rows are deleted at once and the source is killed', async () => {
  const { prefix } = source.topics;
  await source.sql(
    'CREATE TABLE outbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype text, aggregateid text, type text, payload jsonb)',
  );
  const options = {
    tables: ['public.outbox'],
    postgres: `outbox: { table: public.outbox, messagePrefix: outbox, topic: "${prefix}.outbox.\${routedByValue}", additional: ["type:header:eventType"] }`,
  };
  const first = await source.start(options);
  const write = async (from: number): Promise<void> => {
    for (let i = from; i < from + MESSAGES / 2; i++) {
      await source.sql(
        `WITH message AS (INSERT INTO outbox (aggregatetype, aggregateid, type, payload)
           VALUES ($1, $2, 'Made', jsonb_build_object('n', $3::int)) RETURNING id)
         SELECT id FROM message`,
        [i % 2 === 0 ? 'order' : 'customer', String(i % 5), i],
      );
      if (i % 10 === 0) await source.sql('DELETE FROM outbox');
    }
  };
  await write(0);
  await first.kill();
  await write(MESSAGES / 2);
  await source.start(options);
  await source.sql(`SELECT pg_logical_emit_message(true, 'outbox', $1)`, [
    '{"id":"m","aggregatetype":"order","aggregateid":"x","type":"Told","payload":{"n":-1}}',
  ]);
  await source.settled();

  const orders = await source.records(`${prefix}.outbox.order`);
  const customers = await source.records(`${prefix}.outbox.customer`);
  const numberOf = ({ value }: SeenRecord): number => (JSON.parse(String(value)) as { n: number }).n;
  const all = [...orders, ...customers].map(numberOf).sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: MESSAGES + 1 }, (_, i) => i - 1));
  for (const records of [orders, customers]) {
    for (const ofOne of Map.groupBy(records, ({ key }) => String(key)).values()) {
      expect(ofOne.map(numberOf)).toEqual(ofOne.map(numberOf).sort((a, b) => a - b));
      expect(new Set(ofOne.map(({ partition }) => partition)).size).toBe(1);
    }
  }
  expect(orders.find((record) => numberOf(record) === -1)?.headers).toEqual({ id: 'm', eventType: 'Told' });
  expect(new Set([...orders, ...customers].map(({ headers }) => headers['id'])).size).toBe(MESSAGES + 1);
  expect(await source.events('public.outbox')).toEqual([]);
}, 180_000);

test('with a schema, a value decodes to the payload and the columns beside it', async () => {
  const { prefix } = source.topics;
  await source.sql(
    'CREATE TABLE outbox (id int PRIMARY KEY, aggregatetype text, aggregateid int, payload bytea, total numeric(6,2))',
  );
  await source.start({
    tables: ['public.outbox'],
    postgres: `outbox: { table: public.outbox, format: avro, topic: "${prefix}.out.\${routedByValue}", additional: ["total:envelope"] }`,
  });
  await source.sql("INSERT INTO outbox VALUES (1, 'a', 5, '\\x00ff', 12.5), (2, 'a', 5, NULL, NULL)");
  await source.sql('UPDATE outbox SET total = 1 WHERE id = 1');
  await source.settled();
  const records = await source.records(`${prefix}.out.a`);
  expect(records.map(({ key }) => String(key))).toEqual(['5', '5']);
  const values = await Promise.all(records.map(({ value }) => source.decodeAvro(value)));
  expect(values.map((value) => ({ ...value }))).toEqual([
    { payload: Buffer.from([0, 255]), total: Buffer.from([0x04, 0xe2]) },
    { payload: null, total: null },
  ]);
}, 120_000);

test('rows that were there before are messages as well, once though the copy is killed and goes on', async () => {
  const { prefix } = source.topics;
  await source.sql(
    'CREATE TABLE outbox (id int PRIMARY KEY, aggregatetype text, aggregateid text, type text, payload jsonb)',
  );
  const write = (from: number, to: number): Promise<unknown> =>
    source.sql(
      `INSERT INTO outbox SELECT i, 'order', i % 7, 'Made', jsonb_build_object('n', i) FROM generate_series(${from}, ${to}) i`,
    );
  await write(1, 600_000);
  const options = {
    tables: ['public.outbox'],
    postgres: `outbox: { table: public.outbox, topic: "${prefix}.outbox.\${routedByValue}" }, snapshotConnections: 1`,
  };
  const killed = await source.launch({
    ...options,
    env: { HASIVU_FAILPOINT: 'range-committed', HASIVU_TEST_FAILPOINTS: '1' },
  });
  await killed.exited;
  await write(600_001, 600_100);
  await source.start(options);
  await write(600_101, 600_110);
  await source.settled(120_000);
  const sent = await source.records(`${prefix}.outbox.order`);
  expect(sent).toHaveLength(600_110);
  expect(new Set(sent.map(({ headers }) => headers['id'])).size).toBe(600_110);
  expect(await source.committedRecords(`${prefix}.public.outbox`)).toBe(0n);
}, 300_000);
