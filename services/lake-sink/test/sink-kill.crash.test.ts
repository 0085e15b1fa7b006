import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { FAILPOINTS } from '../src/io/failpoint.ts';
import { ChangeFeed, type Change } from './change-feed.ts';
import { expectVacuumed, orphansOf } from './leftovers.ts';
import { ORDERS } from './orders-table.ts';
import { MARK_ALWAYS, SinkFixture } from './sink-fixture.ts';

// Those of the histories are reached only where a table has one: history-kill.crash.test.ts.
// Those of changed columns are sink-columns.crash.test.ts's and sink-initial.crash.test.ts's.
const places = FAILPOINTS.filter((name) => !/^(history|columns)-/u.test(name));
const ways = places.flatMap((failpoint) => [
  // Where files are rewritten no key is looked up in an index.
  ...(failpoint === 'state-indexed'
    ? []
    : [{ failpoint, way: 'files are rewritten', deletionVectors: { enabled: false } }]),
  // The change log's own places do not know how the state is kept.
  ...(failpoint.startsWith('state')
    ? [{ failpoint, way: 'rows are marked', deletionVectors: { ...MARK_ALWAYS, maxDeletedShare: 0.9 } }]
    : []),
]);

describe.each(ways)('killed at $failpoint where $way', ({ failpoint, way, deletionVectors }) => {
  const root = failpoint.startsWith('log') ? 'bronze/public/orders' : 'silver/public/orders';
  test('the next start leaves neither a hole nor a duplicate in bronze, silver is the last change per key, and vacuum takes what was left behind', async () => {
    await using sink = await SinkFixture.create('kill', { deletionVectors });
    await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 3 });
    const last = new Map<number, number>();
    let sent = 0;
    const round = async (n: number): Promise<void> => {
      const changes: Change[] = [];
      for (let id = n % 2; id < 40; id += 2) {
        changes.push({ op: last.has(id) ? 'u' : 'c', row: { id, n } });
        last.set(id, n);
      }
      changes.push({ op: 'd', row: { id: n % 40, n } });
      last.delete(n % 40);
      sent += changes.length;
      await feed.send(...changes);
    };
    await round(1);
    // Twice at the place: once with new tables, once with tables that have rows.
    for (const hits of [1, 2]) {
      const killed = await sink.start(`${failpoint}:${hits}`);
      await round(1 + hits);
      await round(3 + hits);
      // The place is reached once per flush: changes go on until the process is gone.
      for (let n = 10 * hits; killed.running && n < 10 * hits + 200; n += 1) {
        await Promise.race([killed.exited, sleep(300)]);
        if (killed.running) await round(n);
      }
      expect((await killed.exited).signal).toBe('SIGKILL');
      const orphans = await orphansOf(sink.lake, root);
      if (failpoint.endsWith('-uploaded')) expect(orphans.length).toBeGreaterThan(0);
    }
    await sink.start();
    await round(50);
    const show = (rows: readonly Record<string, unknown>[]) =>
      rows
        .map((row) => `${String(row['id'])}=${String(row['n'])}`)
        .sort()
        .join();
    const settles = (what: string) => {
      const wanted = show([...last].map(([id, n]) => ({ id, n })));
      return sink.until('silver/public/orders', what, ({ rows }) => show(rows) === wanted);
    };
    await settles('the last change per key');
    const [one] = last.keys();
    await feed.send({ op: 'u', row: { id: one as number, n: 60 } });
    last.set(one as number, 60);
    sent += 1;
    const { readerFeatures } = await settles('one more change');
    expect(readerFeatures).toEqual(way === 'rows are marked' ? ['deletionVectors'] : []);
    const bronze = await sink.read('bronze/public/orders');
    const positions = bronze.rows.map((row) => `${String(row['_lsn'])}/${String(row['_seq'])}`);
    expect(bronze.rows.length).toBe(sent);
    expect(new Set(positions).size).toBe(sent);
    await sink.service.stop();
    for (const killedTable of ['bronze/public/orders', 'silver/public/orders'])
      await expectVacuumed(sink.lake, killedTable);
  });
});
