import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import { readChanges } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import { SeededRandom } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { readVersionedChanges, type TextRow } from './read-changes.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

const column = (name: string, kind: 'int32' | 'string'): ColumnSchema => ({
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

/** Random changes of a table, and what it then holds. */
class Load {
  readonly notes = new Map<number, string>();
  readonly #random: SeededRandom;
  #serial = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  changes(count: number): Change[] {
    return Array.from({ length: count }, () => this.#next());
  }

  truncate(): Change[] {
    this.notes.clear();
    return [{ op: 't', partition: 0, seq: 0 }];
  }

  show(): string {
    return [...this.notes.entries()]
      .map(([id, note]) => `${id}=${note}`)
      .sort()
      .join();
  }

  #next(): Change {
    const id = this.#random.between(0, 199);
    const status = this.#random.pick(['new', 'paid', 'sent']);
    const known = this.notes.get(id);
    if (known !== undefined && this.#random.between(0, 4) === 0) {
      this.notes.delete(id);
      return { op: 'd', row: { id } };
    }
    if (known !== undefined && this.#random.between(0, 2) === 0)
      return { op: 'u', row: { id, status, note: UNAVAILABLE }, unavailable: ['note'] };
    const note = `n${(this.#serial += 1)}`;
    this.notes.set(id, note);
    return { op: known === undefined ? 'c' : 'u', row: { id, status, note } };
  }
}

const showRows = (rows: readonly TextRow[]): string =>
  rows
    .map((row) => `${String(row['id'])}=${String(row['note'])}`)
    .sort()
    .join();
const text = (row: TextRow): string =>
  JSON.stringify(['id', 'status', 'note', '_lsn', '_seq'].map((name) => row[name] ?? null));

/** What a version did, told from it and the one before alone: a row whose position moved was updated. */
function difference(before: readonly TextRow[], after: readonly TextRow[]): string[] {
  const old = new Map(before.map((row) => [row['id'], text(row)]));
  const changes: string[] = [];
  for (const row of after) {
    const known = old.get(row['id']);
    if (known === undefined) changes.push(`insert ${text(row)}`);
    else if (known !== text(row)) changes.push(`update_preimage ${known}`, `update_postimage ${text(row)}`);
    old.delete(row['id']);
  }
  return [...changes, ...[...old.values()].map((row) => `delete ${row}`)].sort();
}

/** Of a row that TRUNCATE took and that came again in one commit the feed says deleted and inserted. */
function asUpdates(changes: readonly TextRow[]): string[] {
  const ids = (type: string): Set<unknown> =>
    new Set(changes.filter((row) => row['_change_type'] === type).map((row) => row['id']));
  const deleted = ids('delete');
  const inserted = ids('insert');
  return changes
    .map((row) => {
      const again = deleted.has(row['id']) && inserted.has(row['id']);
      const type = row['_change_type'] as string;
      return `${again ? (type === 'delete' ? 'update_preimage' : 'update_postimage') : type} ${text(row)}`;
    })
    .sort();
}

const ways = [
  { way: 'files are rewritten', deletionVectors: { enabled: false } },
  { way: 'rows are marked', deletionVectors: { ...MARK_ALWAYS, maxDeletedShare: 0.6 } },
];

describe.each(ways)('the change data feed of a state table where $way', ({ deletionVectors }) => {
  test('tells at every version what it did, as two readings of the table show, through kills and a TRUNCATE', async () => {
    await using sink = await SinkFixture.create('feed', {
      deletionVectors,
      tables: { 'public.orders': { changeDataFeed: true, partitionBy: ['status'] } },
    });
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 2 });
    const load = new Load(deletionVectors.enabled === false ? 3 : 4);
    const settles = (what: string): Promise<unknown> =>
      sink.until(ROOT, what, ({ rows }) => showRows(rows) === load.show());
    for (const failpoint of ['state-uploaded:3', 'state-committed:3']) {
      const killed = await sink.start(failpoint);
      for (let round = 0; killed.running && round < 100; round += 1) {
        await feed.send(...load.changes(25));
        await Promise.race([killed.exited, sleep(250)]);
      }
      expect((await killed.exited).signal).toBe('SIGKILL');
    }
    await sink.start();
    await settles('the rows after the kills');
    for (let round = 0; round < 3; round += 1) {
      await feed.send(...load.changes(40));
      await settles(`round ${round}`);
    }
    // Of one transaction: rows that are gone for good, and rows that come again.
    await feed.send(
      ...load.truncate(),
      ...load.changes(30).map((change, index) => ({ ...change, seq: index + 1, partition: 0 })),
    );
    await settles('the rows after the TRUNCATE');

    const { versions, changes } = await readVersionedChanges(sink.lake, ROOT, 0);
    expect(versions.length).toBeGreaterThan(8);
    const types = new Set(changes.map((row) => row['_change_type']));
    expect(types).toEqual(new Set(['insert', 'delete', 'update_preimage', 'update_postimage']));
    for (const [version, rows] of versions.entries()) {
      const told = changes.filter((row) => Number(row['_commit_version']) === version);
      expect({ version, changes: asUpdates(told) }).toEqual({
        version,
        changes: difference(versions[version - 1] ?? [], rows),
      });
    }
  });
});

describe('a change data feed', () => {
  test('costs nothing where it is off, begins when it is switched on, and ends when it is switched off', async () => {
    const tables = (changeDataFeed: boolean): Record<string, unknown> => ({
      'public.orders': { changeDataFeed },
    });
    await using sink = await SinkFixture.create('feed-switch');
    await using feed = await ChangeFeed.open(sink.kafka, orders, { partitions: 1 });
    const load = new Load(5);
    const round = async (what: string): Promise<void> => {
      await feed.send(...load.changes(60));
      await sink.until(ROOT, what, ({ rows }) => showRows(rows) === load.show());
    };
    await sink.start();
    await round('without a feed');
    const { version: off } = await sink.read(ROOT);
    expect(await sink.keys(`${ROOT}/_change_data/`)).toEqual([]);
    await sink.service.stop();
    await sink.configure({ tables: tables(true) });
    await sink.start();
    await round('with a feed');
    const { version: on } = await sink.read(ROOT);
    const files = await sink.keys(`${ROOT}/_change_data/`);
    expect(files.length).toBeGreaterThan(0);
    await sink.service.stop();
    await sink.configure({ tables: tables(false) });
    await sink.start();
    await round('without a feed again');
    expect(await sink.keys(`${ROOT}/_change_data/`)).toEqual(files);
    const store = createS3Store(sink.lake);
    const versions = async (from: number, to?: number): Promise<number[]> => {
      const around = { store, nowMs: Date.now, newId: () => 'reader' };
      const range = { from: { version: from }, ...(to === undefined ? {} : { to: { version: to } }) };
      const changes = await readChanges(ROOT, range, around);
      const seen: number[] = [];
      for await (const commit of changes?.commits() ?? []) seen.push(commit.version);
      return seen;
    };
    try {
      expect(await versions(off + 1, on)).toEqual(Array.from({ length: on - off }, (_, at) => off + 1 + at));
      await expect(versions(off)).rejects.toMatchObject({ code: 'LAKE_CHANGES_NOT_RECORDED' });
      await expect(versions(on)).rejects.toMatchObject({ code: 'LAKE_CHANGES_NOT_RECORDED' });
    } finally {
      store.close();
    }
  });
});
