import { describe, expect, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { SeededRandom } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

const column = (name: string, kind: 'int32' | 'int64' | 'string'): ColumnSchema => ({
  name,
  type: { kind },
  pgType: kind,
});
const orders: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: [column('id', 'int32'), column('status', 'string'), column('note', 'string')],
  key: ['id'],
};
const ROOT = 'silver/public/orders';
const UNAVAILABLE = '__debezium_unavailable_value';

type Values = { readonly status: string; readonly note: string | null };

/** What Postgres would hold: the oracle of the table's current state. */
class Model {
  readonly rows = new Map<number, Values>();

  insert(id: number, status: string, note: string | null): Change {
    this.rows.set(id, { status, note });
    return { op: 'c', row: { id, status, note } };
  }

  /** Without a note: its value has not changed and is not sent. */
  update(id: number, status: string, note?: string | null): Change {
    const before = this.rows.get(id) as Values;
    this.rows.set(id, { status, note: note === undefined ? before.note : note });
    return note === undefined
      ? { op: 'u', row: { id, status, note: UNAVAILABLE }, unavailable: ['note'] }
      : { op: 'u', row: { id, status, note } };
  }

  delete(id: number): Change {
    this.rows.delete(id);
    return { op: 'd', row: { id } };
  }

  show(): string[] {
    return [...this.rows].map(([id, { status, note }]) => `${id}=${status}/${String(note)}`).sort();
  }
}

const show = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map(({ id, status, note }) => `${String(id)}=${String(status)}/${String(note)}`).sort();

async function settles(sink: SinkFixture, model: Model, what: string): Promise<void> {
  const wanted = model.show();
  await sink.until(
    ROOT,
    what,
    ({ rows }) => rows.length === wanted.length && show(rows).join() === wanted.join(),
  );
}

describe('a state table whose changed rows are marked deleted', () => {
  test('equals the source after random inserts, updates, deletes and repeats, value by value', async () => {
    await using sink = await SinkFixture.create('vectors', {
      deletionVectors: { ...MARK_ALWAYS, maxDeletedShare: 0.5, rewriteBytes: 0 },
    });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 3 });
    const random = new SeededRandom(7);
    const model = new Model();
    await sink.start();
    await feed.send(...Array.from({ length: 3_000 }, (_, id) => model.insert(id, 'new', `note ${id}`)));
    await settles(sink, model, 'the first rows');
    let next = 3_000;
    let most = 0;
    for (let round = 0; round < 12; round += 1) {
      const changes: Change[] = [];
      for (let n = 0; n < 120; n += 1) {
        const id = random.between(0, next - 1);
        const kind = random.between(0, 9);
        if (!model.rows.has(id) || kind === 0)
          changes.push(model.rows.has(id) ? model.delete(id) : model.insert(id, `again ${round}`, null));
        else if (kind === 1) changes.push(model.insert((next += 1) - 1, `late ${round}`, 'n'));
        else
          changes.push(
            kind < 6 ? model.update(id, `s${round}.${n}`) : model.update(id, `s${round}.${n}`, `n${n}`),
          );
      }
      await feed.send(...changes);
      await settles(sink, model, `round ${round}`);
      most = Math.max(most, await sink.marked(ROOT));
    }
    expect(most).toBeGreaterThan(100);
    // Records that the table has already: the sink reads on from its own offsets, so these are new records of old changes.
    const stale = [...model.rows.keys()]
      .slice(0, 50)
      .map((id): Change => ({ op: 'u', row: { id, status: 'old', note: 'old' }, lsn: 1n, seq: id }));
    await feed.send(...stale);
    // In every partition behind them, so that they are through when these are seen.
    await feed.send(...Array.from({ length: 30 }, (_, n) => model.insert(next + n, 'last', null)));
    await settles(sink, model, 'old changes change nothing');
  });

  test('is written in the measure of the batch, not of the table', async () => {
    await using sink = await SinkFixture.create('vectors-cost', {
      deletionVectors: MARK_ALWAYS,
      // Few files: eight small ones would be merged.
      flush: { intervalMs: 2_000 },
    });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
    const random = new SeededRandom(11);
    const model = new Model();
    await sink.start();
    const noise = (): string =>
      Array.from({ length: 12 }, () => random.next().toString(36).slice(2)).join('');
    await feed.send(...Array.from({ length: 20_000 }, (_, id) => model.insert(id, 'new', noise())));
    await settles(sink, model, 'the first rows');
    const before = await sink.dataFiles(ROOT);
    await feed.send(...[1, 7_001, 13_001, 19_001].map((id) => model.update(id, 'changed')));
    await settles(sink, model, 'the changed rows');
    const after = await sink.dataFiles(ROOT);
    const sizeOf = (files: ReadonlyMap<string, number>): number =>
      [...files.values()].reduce((sum, size) => sum + size, 0);
    const written = new Map([...after].filter(([path]) => !before.has(path)));
    expect([...before.keys()].every((path) => after.has(path))).toBe(true);
    expect(sizeOf(before)).toBeGreaterThan(1_000_000);
    expect(sizeOf(written)).toBeLessThan(10_000);
  });

  test('comes to vectors when the option is on, goes back to rewriting when it is off, and reads what it marked', async () => {
    await using sink = await SinkFixture.create('vectors-switch', { deletionVectors: { enabled: false } });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 2 });
    const model = new Model();
    await sink.start();
    await feed.send(...Array.from({ length: 1_000 }, (_, id) => model.insert(id, 'a', `note ${id}`)));
    await feed.send(...[1, 2, 3].map((id) => model.update(id, 'b')));
    await settles(sink, model, 'rewritten files');
    expect((await sink.read(ROOT)).readerFeatures).toEqual([]);
    await sink.service.stop();

    await sink.configure({
      tables: { 'public.orders': { deletionVectors: true } },
      deletionVectors: MARK_ALWAYS,
    });
    await sink.start();
    await feed.send(...[2, 500, 501].map((id) => model.update(id, 'c')), model.delete(900));
    await settles(sink, model, 'marked rows');
    expect((await sink.read(ROOT)).readerFeatures).toEqual(['deletionVectors']);
    expect(await sink.marked(ROOT)).toBe(4);
    await sink.service.stop();

    await sink.configure({ tables: { 'public.orders': { deletionVectors: false } } });
    await sink.start();
    await feed.send(...[2, 3, 700].map((id) => model.update(id, 'd')), model.insert(900, 'back', null));
    await settles(sink, model, 'rewritten files again');
    expect(await sink.marked(ROOT)).toBe(0);
  });

  test('in a partitioned table a marked row moves, and TRUNCATE takes marked files', async () => {
    await using sink = await SinkFixture.create('vectors-parts', {
      tables: { 'public.orders': { partitionBy: ['status'] } },
      deletionVectors: MARK_ALWAYS,
    });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 2 });
    const model = new Model();
    await sink.start();
    await feed.send(
      ...Array.from({ length: 200 }, (_, id) => model.insert(id, id % 2 === 0 ? 'even' : 'odd', 'n')),
    );
    await settles(sink, model, 'two partitions');
    await feed.send(...[0, 2, 4].map((id) => model.update(id, 'moved')), model.delete(1));
    await settles(sink, model, 'moved rows');
    expect(await sink.marked(ROOT)).toBe(4);
    await feed.send(
      { op: 't', partition: 0, seq: 0 },
      { op: 'c', row: { id: 7, status: 'odd', note: 'after' }, partition: 0, seq: 1 },
    );
    model.rows.clear();
    model.rows.set(7, { status: 'odd', note: 'after' });
    await settles(sink, model, 'the row after the TRUNCATE');
    expect(await sink.marked(ROOT)).toBe(0);
  });

  test('a widened column is rewritten without the marked rows', async () => {
    await using sink = await SinkFixture.create('vectors-wide', { deletionVectors: MARK_ALWAYS });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
    const model = new Model();
    await sink.start();
    await feed.send(...Array.from({ length: 300 }, (_, id) => model.insert(id, 'a', 'n')));
    await settles(sink, model, 'the first rows');
    await feed.send(...[5, 6].map((id) => model.update(id, 'b')), model.delete(7));
    await settles(sink, model, 'marked rows');
    expect(await sink.marked(ROOT)).toBe(3);
    feed.alter([column('id', 'int64'), column('status', 'string'), column('note', 'string')]);
    model.rows.set(6_000_000_000, { status: 'wide', note: null });
    await feed.send({ op: 'c', row: { id: 6_000_000_000n, status: 'wide', note: null } });
    await settles(sink, model, 'the wide row');
    expect(await sink.marked(ROOT)).toBe(0);
  });
});
