import { topicNames } from '@hasivu/change-events';
import { KafkaCluster } from '@hasivu/kafka';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest, type SeenEvent } from './source-under-test.ts';

const MIB = 1024 * 1024;

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('oversize');
  await source.sql('CREATE TABLE papers (id int PRIMARY KEY, note text, body text, scan bytea)');
  // Stored as they are: the log has their size, and so has the topic.
  await source.sql('ALTER TABLE papers ALTER body SET STORAGE EXTERNAL, ALTER scan SET STORAGE EXTERNAL');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

const insert = (id: number, bytes: number): Promise<unknown> =>
  source.sql(
    `INSERT INTO papers VALUES (${id}, 'note', repeat('x', ${bytes}), decode(repeat('ab', 1000), 'hex'))`,
  );

const byId = (a: SeenEvent, b: SeenEvent): number => Number(a.after?.['id']) - Number(b.after?.['id']);

const sizes = ({ op, after, unavailable, headers }: SeenEvent): unknown[] => [
  op,
  after?.['id'],
  (after?.['body'] as string | null)?.length,
  unavailable,
  headers,
];

test('a row of 7 MB is copied and streamed as it is', async () => {
  await insert(1, 7 * MIB);
  await source.start({ tables: ['public.papers'] });
  await insert(2, 7 * MIB);
  await insert(3, 10);
  await source.settled();
  const events = (await source.events('public.papers')).sort(byId);
  expect(events.map(sizes)).toEqual([
    ['r', 1, 7 * MIB, [], {}],
    ['c', 2, 7 * MIB, [], {}],
    ['c', 3, 10, [], {}],
  ]);
}, 120_000);

test('a row beyond the bound stops the source at its place, and goes on without its largest values where that is asked for', async () => {
  const options = { tables: ['public.papers'], kafka: 'maxRecordBytes: 300000' };
  await insert(1, 100);
  const service = await source.start(options);
  await insert(2, 100);
  await source.settled();
  await source.sql('ALTER TABLE papers REPLICA IDENTITY FULL');
  await source.sql(`DO $$ BEGIN
    INSERT INTO papers VALUES (3, 'small', 'x', NULL);
    INSERT INTO papers VALUES (4, 'large', repeat('y', 400000), decode(repeat('cd', 200000), 'hex'));
    UPDATE papers SET note = 'changed' WHERE id = 4;
    DELETE FROM papers WHERE id = 4;
  END $$`);
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(
    /SOURCE_ROW_TOO_LARGE while writing the event of public\.papers at [0-9A-F]+\/[0-9A-F]+ \(1\)/,
  );
  // Where it stopped, it stops again: nothing is passed over.
  const again = await source.launch(options);
  expect((await again.exited).code).toBe(2);

  const omitting = await source.start({ ...options, postgres: 'oversize: omit' });
  await source.settled();
  const events = (await source.events('public.papers')).sort(
    (a, b) => Number(a.commitLsn - b.commitLsn) || a.seq - b.seq,
  );
  const headers = { 'pg.omitted.body': '400000' };
  const marker = '__debezium_unavailable_value'.length;
  expect(events.filter(({ op }) => op !== null).map(sizes)).toEqual([
    ['r', 1, 100, [], {}],
    ['c', 2, 100, [], {}],
    ['c', 3, 1, [], {}],
    ['c', 4, marker, ['body'], headers],
    ['u', 4, marker, ['body', 'scan'], { 'pg.omitted.body': '800000', 'pg.omitted.scan': '400000' }],
    ['d', undefined, undefined, [], headers],
  ]);
  const metrics = await (await fetch(new URL('/metrics', omitting.url))).text();
  expect(metrics).toContain('hasivu_source_omitted_values_total{database="default",table="public.papers"} 4');
}, 180_000);

test('an existing topic that allows less is told at the start, and its bound counts; a logical message beyond it goes without its content and stops nothing', async () => {
  const topics = topicNames(source.topics.prefix);
  const topic = topics.change('public', 'papers');
  const cluster = await KafkaCluster.connect(
    { brokers: [...source.topics.brokers] },
    { clientId: 'test-oversize' },
  );
  const config = { 'max.message.bytes': '200000' };
  await cluster.ensureTopics([topic, topics.message].map((name) => ({ topic: name, partitions: 1, config })));
  cluster.close();
  await insert(1, 300_000);
  const service = await source.launch({ tables: ['public.papers'] });
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(/max\.message\.bytes is 200000 where 8388608 is asked for/);
  expect(service.output.join('\n')).toMatch(/SOURCE_ROW_TOO_LARGE while writing the event of public\.papers/);
  await source.sql('DELETE FROM papers');
  const streaming = await source.start({ tables: ['public.papers'] });
  await source.sql("SELECT pg_logical_emit_message(true, 'audit', repeat('x', 300000))");
  await source.sql("SELECT pg_logical_emit_message(true, repeat('p', 300000), 'short')");
  await source.sql("SELECT pg_logical_emit_message(true, 'audit', 'small')");
  await source.settled();
  const seen = await Promise.all(
    (await source.records(topics.message)).map(async ({ key, value, headers }) => {
      const { message } = await source.decodeAvro(value);
      const { prefix, content } = message as { prefix: string; content: Uint8Array };
      expect((await source.decodeAvro(key))['prefix']).toBe(prefix);
      return [prefix.length, Buffer.from(content).toString(), headers];
    }),
  );
  expect(seen).toEqual([
    [5, '', { 'pg.omitted.content': '300000' }],
    [1024, 'short', { 'pg.omitted.prefix': '300000' }],
    [5, 'small', {}],
  ]);
  expect(
    streaming.output.filter((line) => line.includes('a logical message is larger than a record')),
  ).toHaveLength(1);
  expect(await streaming.metrics()).toContain(
    'hasivu_source_omitted_values_total{database="default",table=""} 2',
  );
}, 180_000);

test('the text of a value that its type cannot hold counts: it is left out too, or the source stops with a code', async () => {
  await source.sql('CREATE TABLE odd (id int PRIMARY KEY, a int[])');
  await source.sql('ALTER TABLE odd ALTER a SET STORAGE EXTERNAL');
  const options = { tables: ['public.odd'], kafka: 'maxRecordBytes: 300000' };
  // One dimension more than the column has declared: the value goes as text, in a header.
  const insert = (id: number, length: number): Promise<unknown> =>
    source.sql(
      `INSERT INTO odd SELECT ${id}, ARRAY[array_agg(100000), array_agg(100000)] FROM generate_series(1, ${length})`,
    );
  await insert(1, 100);
  const service = await source.start(options);
  await insert(2, 100_000);
  expect((await service.exited).code).toBe(2);
  expect(service.output.join('\n')).toMatch(/SOURCE_ROW_TOO_LARGE while writing the event of public\.odd/);
  await source.start({ ...options, postgres: 'oversize: omit' });
  await source.settled();
  const events = (await source.events('public.odd')).sort(byId);
  expect(
    events.map(({ after, unavailable, headers }) => [after?.['id'], unavailable, Object.keys(headers)]),
  ).toEqual([
    [1, [], ['pg.text.a']],
    [2, ['a'], ['pg.omitted.a']],
  ]);
}, 180_000);
