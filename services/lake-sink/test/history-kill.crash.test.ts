import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ChangeFeed, type Change } from './change-feed.ts';
import { expectVacuumed, orphansOf } from './leftovers.ts';
import { ORDERS } from './orders-table.ts';
import { SinkFixture } from './sink-fixture.ts';
import type { DeltaRow } from './read-delta.ts';

/** Commits of one flush: bronze, silver, type 2, both tables of type 4, type 6. */
const history = [{ type: 2 }, { type: 4 }, { type: 6, overwrite: ['n'], track: ['n'], previous: ['n'] }];

const TABLES = ['scd2', 'scd4', 'scd4_history', 'scd6'].map((name) => `history/public/orders_${name}`);

interface Version {
  readonly id: number;
  readonly n: number;
  readonly from: string;
  to: string | null;
}

// The places are reached once per history table and flush: the second and third hit are between two of them.
describe.each([
  'log-committed:1',
  'history-uploaded:1',
  'history-uploaded:3',
  'history-committed:2',
  'history-committed:3',
])('killed at %s', (failpoint) => {
  test('the next start leaves neither a hole nor a second version in any history, and vacuum takes what was left behind', async () => {
    await using sink = await SinkFixture.create('history-kill', { tables: { 'public.orders': { history } } });
    await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 3 });
    const versions: Version[] = [];
    const open = new Map<number, Version>();
    // Never twice the same: a row that keeps its value makes no version of type 2.
    let n = 0;
    const round = async (): Promise<void> => {
      n += 1;
      const changes: Change[] = [];
      // As `send` numbers them.
      const lsn = feed.lsn + 100n;
      const end = (id: number): void => {
        const version = open.get(id);
        if (version !== undefined) version.to = `${lsn}/${changes.length}`;
        open.delete(id);
      };
      for (let id = n % 2; id < 20; id += 2) {
        const isNew = !open.has(id);
        end(id);
        const version: Version = { id, n, from: `${lsn}/${changes.length}`, to: null };
        open.set(id, version);
        versions.push(version);
        changes.push({ op: isNew ? 'c' : 'u', row: { id, n } });
      }
      if (open.has(n % 20)) {
        end(n % 20);
        changes.push({ op: 'd', row: { id: n % 20, n } });
      }
      await feed.send(...changes);
    };
    await round();
    // Twice at the place: once with new tables, once with tables that have rows.
    for (let life = 1; life <= 2; life += 1) {
      const killed = await sink.start(failpoint);
      await round();
      for (let rounds = 0; killed.running && rounds < 200; rounds += 1) {
        await Promise.race([killed.exited, sleep(300)]);
        if (killed.running) await round();
      }
      expect((await killed.exited).signal).toBe('SIGKILL');
      const orphans = (await Promise.all(TABLES.map((root) => orphansOf(sink.lake, root)))).flat();
      if (failpoint.startsWith('history-uploaded')) expect(orphans.length).toBeGreaterThan(0);
    }
    await sink.start();
    await round();
    const wanted = (rows: readonly Version[]): string[] =>
      rows.map(({ id, n, from, to }) => `${id}=${n} ${from} ${to}`).sort();
    const shown = (rows: readonly DeltaRow[]): string[] =>
      rows
        .map((row) => {
          const place = (name: string): string | null =>
            row[`${name}_lsn`] === null || row[`${name}_lsn`] === undefined
              ? null
              : `${String(row[`${name}_lsn`])}/${String(row[`${name}_seq`])}`;
          return `${String(row['id'])}=${String(row['n'])} ${place('_from')} ${place('_to')}`;
        })
        .sort();
    const until = (root: string, rows: readonly Version[]) =>
      sink
        .until(root, 'every version once', (found) => shown(found.rows).join() === wanted(rows).join())
        .catch(async () => expect(shown((await sink.read(root)).rows)).toEqual(wanted(rows)));
    await until('history/public/orders_scd2', versions);
    await until(
      'history/public/orders_scd4',
      versions.filter(({ to }) => to === null),
    );
    await until(
      'history/public/orders_scd4_history',
      versions.filter(({ to }) => to !== null),
    );
    await until('history/public/orders_scd6', versions);
    const newest = new Map(versions.map(({ id, n }) => [String(id), String(n)]));
    const sixth = await sink.read('history/public/orders_scd6');
    for (const row of sixth.rows) expect(row['_current_n']).toBe(newest.get(String(row['id'])));
    await sink.service.stop();
    for (const root of TABLES) await expectVacuumed(sink.lake, root);
  });
});
