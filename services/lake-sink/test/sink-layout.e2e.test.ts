import { describe, expect, test } from '@jest/globals';
import { topicNames, type ColumnSchema, type TableSchema } from '@hasivu/change-events';
import { ChangeFeed } from './change-feed.ts';
import { SinkFixture } from './sink-fixture.ts';

const column = (name: string, kind: 'int32' | 'string' | 'timestamptz'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind,
});
const visits: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'visits',
  columns: [column('id', 'int32'), column('region', 'string'), column('created_at', 'timestamptz')],
  key: ['id'],
};
const march = 1_772_323_200_000_000n;
const april = 1_775_001_600_000_000n;

describe('where rows are stored', () => {
  test('partitions by column and by month, and a row whose partition changes moves', async () => {
    await using sink = await SinkFixture.create('parts', {
      tables: { 'public.visits': { partitionBy: ['region', 'month(created_at)'] } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, visits);
    await sink.start();
    await feed.send(
      { op: 'c', row: { id: 1, region: 'north / west', created_at: march } },
      { op: 'c', row: { id: 2, region: 'south', created_at: march } },
      { op: 'c', row: { id: 3, region: null, created_at: null } },
    );
    const first = await sink.until('silver/public/visits', 'three rows', ({ rows }) => rows.length === 3);
    expect(first.partitionColumns).toEqual(['region', 'created_at_month']);
    await feed.send(
      { op: 'u', row: { id: 1, region: 'north / west', created_at: april } },
      { op: 'u', row: { id: 3, region: 'south', created_at: march } },
    );
    const show = (rows: readonly Record<string, unknown>[]) =>
      rows.map((row) => [row['id'], row['region'], row['created_at_month']].join(' ')).sort();
    const moved = await sink.until(
      'silver/public/visits',
      'the moved rows',
      ({ rows }) => show(rows)[0]?.endsWith('2026-04') === true,
    );
    expect(show(moved.rows)).toEqual(['1 north / west 2026-04', '2 south 2026-03', '3 south 2026-03']);
    expect(moved.files.some((path) => path.includes('created_at_month=2026-04'))).toBe(true);
    const bronze = await sink.until('bronze/public/visits', 'five changes', ({ rows }) => rows.length === 5);
    expect(show(bronze.rows)).toContain('1 north / west 2026-04');
  });

  test('a partition for each of many values is advised against, once', async () => {
    await using sink = await SinkFixture.create('shattered', {
      tables: { 'public.visits': { partitionBy: ['region'], silver: false } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, visits);
    await sink.start();
    for (const round of [0, 1]) {
      const rows = Array.from({ length: 80 }, (_, n) => ({
        id: round * 80 + n,
        region: `r${n}`,
        created_at: march,
      }));
      await feed.send(...rows.map((row) => ({ op: 'c' as const, row })));
      await sink.until('bronze/public/visits', 'a round', (found) => found.rows.length === (round + 1) * 80);
    }
    const advice = sink.service.logs.filter(({ msg }) => String(msg).includes('tables.<t>.clusterBy'));
    expect(advice).toEqual([expect.objectContaining({ level: 'warn', table: 'public.visits' })]);
  });

  test('a fetched batch with many partition values is committed in parts, none with more files than may be open at once', async () => {
    await using sink = await SinkFixture.create('crowded', {
      tables: { 'public.visits': { partitionBy: ['region'] } },
      flush: { intervalMs: 60_000, rows: 1_000_000 },
    });
    await using feed = await ChangeFeed.open(sink.kafka, visits);
    const of = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => ({
        op: 'c' as const,
        partition: 0,
        row: { id: from + n, region: `r${from + n}`, created_at: march },
      }));
    await feed.send(...of(0, 306));
    await sink.start();
    const state = await sink.until(
      'silver/public/visits',
      'the first part',
      ({ rows }) => rows.length === 256,
      120_000,
    );
    // The second part waits for its time, or for the sink's end.
    expect(await sink.service.stop()).toEqual({ code: 0, signal: null });
    expect(state.files).toHaveLength(256);
    for (const root of ['bronze/public/visits', 'silver/public/visits']) {
      expect((await sink.read(root)).rows).toHaveLength(306);
      expect(await sink.filesAdded(root)).toEqual([256, 50]);
    }
  });

  test('a table without a key has bronze only', async () => {
    await using sink = await SinkFixture.create('keyless');
    await using feed = await ChangeFeed.open(sink.kafka, { ...visits, key: [] });
    await sink.start();
    await feed.send(
      { op: 'c', row: { id: 1, region: 'a', created_at: march } },
      { op: 'c', row: { id: 1, region: 'a', created_at: march } },
    );
    await sink.until('bronze/public/visits', 'two rows', ({ rows }) => rows.length === 2);
    await expect(sink.read('silver/public/visits')).rejects.toThrow('there is no table');
  });

  test('a TRUNCATE that comes before the first row keeps older rows of other partitions away', async () => {
    await using sink = await SinkFixture.create('early');
    await using feed = await ChangeFeed.open(sink.kafka, visits);
    const at = feed.lsn + 100n;
    await feed.send({ op: 't', partition: 0, lsn: at, seq: 5 });
    await sink.start();
    await sink.until('bronze/public/visits', 'the TRUNCATE', ({ rows }) => rows.length === 1);
    await feed.send(
      { op: 'c', row: { id: 1, region: 'old', created_at: march }, lsn: at, seq: 4, partition: 1 },
      { op: 'c', row: { id: 2, region: 'new', created_at: march }, lsn: at, seq: 6, partition: 1 },
    );
    await sink.until('bronze/public/visits', 'all three', ({ rows }) => rows.length === 3);
    const { rows } = await sink.until(
      'silver/public/visits',
      'the newer row',
      (table) => table.rows.length > 0,
    );
    expect(rows.map((own) => own['region'])).toEqual(['new']);
  });

  test('a curated topic with a key is kept as current state, one without as a log', async () => {
    await using sink = await SinkFixture.create('curated', {
      pipelines: [
        { name: 'clean', from: ['public.visits'], steps: [], rules: [], to: 'visits' },
        { name: 'clean2', from: ['public.visits'], steps: [], rules: [], to: 'log' },
      ],
    });
    const names = topicNames(sink.kafka.prefix);
    await using keyed = await ChangeFeed.open(sink.kafka, visits, {
      topic: names.curated('clean', 'visits'),
    });
    await using keyless = await ChangeFeed.open(
      sink.kafka,
      { ...visits, key: [] },
      { topic: names.curated('clean2', 'log') },
    );
    await sink.start();
    for (const feed of [keyed, keyless]) {
      await feed.send(
        { op: 'c', row: { id: 1, region: 'a', created_at: march } },
        { op: 'u', row: { id: 1, region: 'b', created_at: march } },
      );
    }
    const state = await sink.until(
      'curated/clean/visits',
      'the last change',
      ({ rows }) => rows.length === 1,
    );
    expect(state.rows[0]).toMatchObject({ id: '1', region: 'b' });
    await sink.until('curated/clean2/log', 'both changes', ({ rows }) => rows.length === 2);
    expect(await sink.service.stop()).toEqual({ code: 0, signal: null });
    await sink.start();
    await keyed.send({ op: 'd', row: { id: 1 } });
    await keyless.send({ op: 'c', row: { id: 2, region: 'c', created_at: march } });
    await sink.until('curated/clean/visits', 'the delete', ({ rows }) => rows.length === 0);
    await sink.until('curated/clean2/log', 'the third change', ({ rows }) => rows.length === 3);
  });
});
