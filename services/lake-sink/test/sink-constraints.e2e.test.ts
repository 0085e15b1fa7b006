import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import { DeltaTable } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { python, waitFor } from '@hasivu/testing';
import { ChangeFeed } from './change-feed.ts';
import { DELTALAKE, lakeFacts } from './read-delta.ts';
import { SinkFixture } from './sink-fixture.ts';

const schemaOf = (table: string): TableSchema => ({
  database: 'db',
  schema: 'public',
  table,
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'status', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
});
const ROOT = 'silver/public/orders';

/** Another writer that enforces what the table declares: it appends one row, or says why not. */
const APPEND = `
${DELTALAKE}
from deltalake import write_deltalake
row = pa.table({'id': pa.array([int(sys.argv[2])], pa.int32()), 'status': [sys.argv[3]], '_lsn': pa.array([1], pa.int64()), '_seq': pa.array([1], pa.int64())})
try:
    write_deltalake(table_at(None), row, mode='append', storage_options={**options, 'conditional_put': 'etag'})
    print('appended')
except Exception as e:
    print(e)
`;

describe('CHECK constraints of a state table', () => {
  test('are added once the rows that are there hold them, kept by deltalake, and stop the table that a batch would break', async () => {
    const constraints = { known_status: "status IN ('new', 'paid')" };
    await using sink = await SinkFixture.create('constraints');
    await using feed = await ChangeFeed.open(sink.kafka, schemaOf('orders'), { partitions: 1 });
    await using other = await ChangeFeed.open(sink.kafka, schemaOf('others'), { partitions: 1 });
    const count = (root: string, rows: number): Promise<unknown> =>
      sink.until(root, `${rows} rows`, (snapshot) => snapshot.rows.length === rows);
    const append = (id: number, status: string): Promise<string> =>
      python(APPEND, [ROOT, String(id), status], { env: { LAKE: lakeFacts(sink.lake) } });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 1, status: 'new' } }, { op: 'c', row: { id: 2, status: 'sent' } });
    await count(ROOT, 2);
    await sink.service.stop();

    // Row 2 breaks it: the table stops and stays as it is, the other goes on.
    await sink.configure({ tables: { 'public.orders': { constraints } } });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 3, status: 'paid' } });
    await stopped(sink, '1 existing row breaks "known_status"');
    await other.send({ op: 'c', row: { id: 1, status: 'anything' } });
    await count('silver/public/others', 1);
    await sink.service.stop();

    // The source repairs it, in the batch that the table was stopped by or in a later one.
    await sink.configure({});
    await sink.start();
    await feed.send({ op: 'u', row: { id: 2, status: 'new' } });
    await count(ROOT, 3);
    await sink.service.stop();
    await sink.configure({ tables: { 'public.orders': { constraints } } });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 4, status: 'new' } });
    await count(ROOT, 4);
    expect(await append(50, 'lost')).toContain('1 rows failed validation check');
    expect(await append(51, 'paid')).toBe('appended\n');
    await count(ROOT, 5);

    await feed.send({ op: 'c', row: { id: 5, status: 'very secret' } });
    const line = await stopped(sink, '1 new row breaks "known_status"');
    expect(line).toContain('LAKE_CONSTRAINT_BROKEN');
    expect(sink.service.output.join('\n')).not.toContain('very secret');
    await other.send({ op: 'c', row: { id: 2, status: 'anything' } });
    await count('silver/public/others', 2);
    await count(ROOT, 5);
  });

  test('that somebody else added and the engine cannot hold stop the table by their name', async () => {
    await using sink = await SinkFixture.create('constraints-foreign');
    await using feed = await ChangeFeed.open(sink.kafka, schemaOf('orders'), { partitions: 1 });
    await sink.start();
    await feed.send({ op: 'c', row: { id: 1, status: 'new' } });
    await sink.until(ROOT, 'a row', ({ rows }) => rows.length === 1);
    const store = createS3Store(sink.lake);
    try {
      const around = { store, nowMs: Date.now, newId: randomUUID };
      const table = (await DeltaTable.open(ROOT, around)) as DeltaTable;
      const { metadata } = table.state;
      const configuration = { ...metadata.configuration, 'delta.constraints.shape': "status RLIKE '[a-z]+'" };
      await table.commit({
        actions: [{ metaData: { ...metadata, configuration } }],
        operation: 'ADD CONSTRAINT',
      });
    } finally {
      store.close();
    }
    await feed.send({ op: 'c', row: { id: 2, status: 'new' } });
    expect(await stopped(sink, 'shape')).toContain('LAKE_CONSTRAINT_UNENFORCED');
    expect(sink.service.running).toBe(true);
  });
});

/** The line that says why a table was stopped. */
async function stopped(sink: SinkFixture, why: string): Promise<string> {
  return await waitFor(
    `the sink to say ${why}`,
    () => {
      const line = sink.service.output.find(
        (one) => one.includes('LAKE_') && one.replaceAll('\\"', '"').includes(why),
      );
      return Promise.resolve(line ?? null);
    },
    { timeoutMs: 60_000 },
  );
}
