import { topicNames } from '@hasivu/change-events';
import { python, serverVersion } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

/** A plain consumer of framed Avro: schema by id from the registry, decoded with Apache's own Python library. */
const CONSUMER = `
import base64, io, json, sys, urllib.request
import avro.io, avro.schema
registry, schemas = sys.argv[1], {}
def decode(framed):
    if framed is None: return None
    data = base64.b64decode(framed)
    assert data[0] == 0
    schema_id = int.from_bytes(data[1:5], 'big')
    if schema_id not in schemas:
        with urllib.request.urlopen(f'{registry}/schemas/ids/{schema_id}') as answer:
            schemas[schema_id] = avro.schema.parse(json.load(answer)['schema'])
    stream = io.BytesIO(data[5:])
    value = avro.io.DatumReader(schemas[schema_id]).read(avro.io.BinaryDecoder(stream))
    assert stream.read() == b''
    return value
records = [[decode(record['key']), decode(record['value'])] for record in json.load(sys.stdin)]
print(json.dumps(records, default=str))
`;

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

interface Envelope {
  readonly op: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: Record<string, unknown>;
  readonly transaction: { id: string; total_order: number; data_collection_order: number } | null;
}

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('consumer');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

/** Keys and values of a topic, in order of their partitions, as the Python consumer reads them. */
async function consumed<K, V>(topic: string): Promise<[K, V][]> {
  const records = await source.records(topic);
  const coded = records.map(({ key, value }) => ({
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
  }));
  const printed = await python(CONSUMER, [source.topics.registry], {
    requirements: 'requirements-avro.txt',
    stdin: JSON.stringify(coded),
  });
  return JSON.parse(printed) as [K, V][];
}

test('envelopes, keys, transactions, schema changes and traces read as a Debezium consumer expects them', async () => {
  await source.sql('CREATE TABLE orders (id int PRIMARY KEY, total numeric(8,2), note text, at timestamptz)');
  await source.sql("INSERT INTO orders VALUES (1, 12.5, 'copied', '2026-01-02 03:04:05.678901Z')");
  const options = {
    tables: ['public.orders'],
    postgres: 'transactionTopic: true, schemaChanges: true, ddl: off, traceHeaders: true',
  };
  const first = await source.start(options);
  await source.sql("INSERT INTO orders VALUES (2, -0.01, 'ä', NULL)");
  await source.sql('ALTER TABLE orders ADD COLUMN extra int');
  await source.sql(`DO $$ BEGIN
    PERFORM pg_logical_emit_message(true, 'hasivu.trace', '${TRACE}');
    UPDATE orders SET extra = 7 WHERE id = 2;
    DELETE FROM orders WHERE id = 2;
  END $$`);
  await source.settled();
  await first.stop();
  await source.start(options);
  await source.sql('INSERT INTO orders VALUES (3, 1, NULL, NULL, 8)');
  await source.settled();

  const topics = topicNames(source.topics.prefix);
  const topic = topics.change('public', 'orders');
  const changes = (await consumed<{ id: number }, Envelope | null>(topic)).sort(
    (a, b) => Number(a[1]?.source['commit_lsn'] ?? 0) - Number(b[1]?.source['commit_lsn'] ?? 0),
  );
  expect(changes.filter(([, value]) => value === null).map(([key]) => key)).toEqual([{ id: 2 }]);
  const events = changes.flatMap(([, value]) => (value ? [value] : []));
  expect(events.map(({ op, transaction }) => [op, transaction?.total_order ?? null])).toEqual([
    ['r', null],
    ['c', 1],
    ['u', 1],
    ['d', 2],
    ['c', 1],
  ]);
  expect(events[0]?.after).toEqual({
    id: 1,
    total: '12.50',
    note: 'copied',
    at: '2026-01-02 03:04:05.678901+00:00',
  });
  expect(events[1]?.after).toMatchObject({ id: 2, total: '-0.01', note: 'ä', at: null });
  expect(events[2]).toMatchObject({
    after: { extra: 7 },
    source: { connector: 'postgresql', schema: 'public', table: 'orders', snapshot: 'false' },
  });

  const boundaries = await consumed<{ id: string }, Record<string, unknown>>(topics.transactions);
  const id = events[2]?.transaction?.id ?? '';
  expect(id).toBe(`${String(events[2]?.source['txId'])}:${String(events[2]?.source['commit_lsn'])}`);
  expect(boundaries.filter(([key]) => key.id === id).map(([, value]) => value)).toMatchObject([
    { status: 'BEGIN', id, event_count: null, data_collections: null },
    {
      status: 'END',
      id,
      event_count: 2,
      data_collections: [{ data_collection: 'public.orders', event_count: 2 }],
    },
  ]);

  const announced = (await source.records(topics.schemaChanges))
    .filter(({ key }) => String(key) === 'public.orders')
    .map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>);
  expect(announced).toMatchObject([
    { changes: [], source: { commit_lsn: events[1]?.source['commit_lsn'] } },
    {
      changes: ['column "extra" is new: integer'],
      source: { commit_lsn: events[2]?.source['commit_lsn'], seq: events[2]?.source['seq'] },
      tableChanges: [{ type: 'ALTER', id: '"public"."orders"' }],
    },
  ]);

  const traces = (await source.records(topic)).flatMap(({ headers, value }) =>
    value === null ? [] : [headers['traceparent']],
  );
  expect(traces.filter((trace) => trace === TRACE)).toHaveLength(2);
  expect(traces.filter((trace) => trace === undefined)).toHaveLength(1);
  expect(new Set(traces).size).toBe(4);
}, 180_000);

test('replica identities, generated columns and partitions read as the server publishes them', async () => {
  await source.sql('CREATE TABLE unique_key (id int PRIMARY KEY, code text NOT NULL UNIQUE, v int)');
  await source.sql('ALTER TABLE unique_key REPLICA IDENTITY USING INDEX unique_key_code_key');
  await source.sql('CREATE TABLE no_identity (id int PRIMARY KEY, v int)');
  await source.sql('ALTER TABLE no_identity REPLICA IDENTITY NOTHING');
  await source.sql(
    'CREATE TABLE computed (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED)',
  );
  await source.sql('CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)');
  await source.sql('CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (100)');
  await source.sql('INSERT INTO computed (id, n) VALUES (1, 5)');
  // Before version 18 no publication has generated columns, and asking for them is an error of the server's.
  const published = (await serverVersion(source.database)) >= 18;
  const publication = 'CREATE PUBLICATION cdc FOR TABLE unique_key, no_identity, computed, parts, settled';
  const withGenerated = `${publication} WITH (publish_generated_columns = stored)`;
  if (!published) await expect(source.sql(withGenerated)).rejects.toThrow('publish_generated_columns');
  await source.sql(published ? withGenerated : publication);
  const tables = ['public.unique_key', 'public.no_identity', 'public.computed'];
  const whole = await source.launch({ tables: [...tables, 'public.parts'] });
  expect((await whole.exited).code).toBe(2);
  expect(whole.output.join('\n')).toContain('it lacks public.parts');

  await source.start({ tables });
  await source.sql("INSERT INTO unique_key VALUES (1, 'a', 1)");
  await source.sql("UPDATE unique_key SET id = 2 WHERE code = 'a'");
  await source.sql("DELETE FROM unique_key WHERE code = 'a'");
  await source.sql('INSERT INTO no_identity VALUES (1, 1)');
  await expect(source.sql('UPDATE no_identity SET v = 2')).rejects.toThrow('replica identity');
  await source.sql('UPDATE computed SET n = 6');
  await source.settled();
  const seen = async (table: string): Promise<unknown[]> =>
    (await source.events(table))
      .filter(({ op }) => op !== null)
      .sort((a, b) => Number(a.commitLsn - b.commitLsn))
      .map(({ op, key, before, after }) => [op, key, before, after]);
  expect(await seen('public.unique_key')).toEqual([
    ['c', { code: 'a' }, null, { id: 1, code: 'a', v: 1 }],
    ['u', { code: 'a' }, null, { id: 2, code: 'a', v: 1 }],
    ['d', { code: 'a' }, { id: null, code: 'a', v: null }, null],
  ]);
  expect(await seen('public.no_identity')).toEqual([['c', { id: 1 }, null, { id: 1, v: 1 }]]);
  expect(await seen('public.computed')).toEqual([
    ['r', { id: 1 }, null, { id: 1, n: 5, ...(published ? { twice: 10 } : {}) }],
    ['u', { id: 1 }, null, { id: 1, n: 6, ...(published ? { twice: 12 } : {}) }],
  ]);
}, 180_000);
