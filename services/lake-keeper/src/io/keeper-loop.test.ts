import { afterEach, expect, test } from '@jest/globals';
import { field } from '@hasivu/delta';
import { Registry } from 'prom-client';
import { TableBench } from '../../../../libs/lake-engine/test/table-bench.ts';
import { MemoryStore } from '../../../../libs/object-store/src/index.ts';
import { createKeeperMetrics } from '../metrics.ts';
import { KeeperLoop } from './keeper-loop.ts';
import { KeptTables } from './kept-tables.ts';

const FIELDS = [field('id', 'long'), field('_lsn', 'long'), field('_seq', 'long'), field('_op', 'string')];
const DAY = 86_400_000;
const rows = (from: number): string =>
  `SELECT i::BIGINT AS id, i::BIGINT AS _lsn, 0::BIGINT AS _seq, 'c' AS _op FROM range(${from}, ${from + 10}) r(i)`;

const maintenance = {
  enabled: true,
  intervalMs: 20,
  concurrency: 2,
  compaction: { enabled: true, minFiles: 4, maxDeletedShare: 0.2, settleMs: 0 },
  vacuum: { enabled: true, everyHours: 24 },
};

let bench: TableBench | null = null;
afterEach(() => bench?.[Symbol.asyncDispose]());

async function lake(): Promise<TableBench> {
  bench = await TableBench.open(new MemoryStore());
  return bench;
}

async function tableOf(of: TableBench, root: string, files: number): Promise<string> {
  const table = await of.create({ root, fields: FIELDS });
  for (let n = 0; n < files; n += 1) await of.append(table, rows(n * 10));
  return root;
}

/** Runs the keeper until the condition holds; what it logged and measured is returned. */
async function keepUntil(
  of: TableBench,
  holds: (metrics: string, logs: readonly object[]) => boolean,
): Promise<{ metrics: string; logs: readonly { readonly code?: string; readonly table?: string }[] }> {
  const registry = new Registry();
  const metrics = createKeeperMetrics(registry);
  const stop = new AbortController();
  const logs: { code?: string; table?: string }[] = [];
  const log = (facts: object): void => void logs.push(facts);
  const around = of.around;
  const config = { tables: {} } as never;
  const loop = new KeeperLoop({
    tables: new KeptTables(config, { maintenance }, of.store, around),
    tools: {
      store: of.store,
      around,
      engine: of.engine,
      cache: of.cache,
      metrics,
      failpoint: () => undefined,
      alive: () => undefined,
      signal: stop.signal,
    },
    metrics,
    intervalMs: maintenance.intervalMs,
    concurrency: maintenance.concurrency,
    nowMs: around.nowMs,
    context: {
      logger: { info: log, warn: log } as never,
      countError: () => undefined,
      alive: () => undefined,
      ready: () => undefined,
    },
  });
  const running = loop.run(stop.signal);
  const watch = (async () => {
    while (!holds(await registry.metrics(), logs)) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
  })();
  await Promise.race([running, watch]);
  stop.abort();
  await running;
  return { metrics: await registry.metrics(), logs };
}

test('tables that need it are compacted, and their health is told before and after', async () => {
  const of = await lake();
  const [worn, well] = [
    await tableOf(of, 'bronze/public/orders', 9),
    await tableOf(of, 'silver/public/orders', 2),
  ];
  const { metrics } = await keepUntil(of, (text) => text.includes(`hasivu_lake_files{table="${worn}"} 1\n`));
  expect(metrics).toContain(`hasivu_lake_files{table="${well}"} 2`);
  expect(metrics).toContain(`hasivu_keeper_files_removed_total{table="${worn}",job="optimize"} 9`);
  expect(metrics).toContain('hasivu_keeper_jobs_total{job="optimize",result="done"} 1');
  expect(metrics).toContain(`hasivu_lake_tombstones{table="${worn}"} 9`);
  const table = await of.reopen(worn);
  expect(await of.query(table, 'SELECT count(1) AS n FROM t')).toEqual([{ n: '90' }]);
  const [entry] = await table.delta.history(1);
  expect(entry?.commitInfo?.operationParameters).toMatchObject({ auto: 'true' });
});

test('what compaction has removed is deleted after the retention, and not before', async () => {
  const of = await lake();
  const root = await tableOf(of, 'bronze/public/orders', 9);
  const count = async (): Promise<number> => {
    let files = 0;
    for await (const { key } of of.store.list(`${root}/`))
      if (key.endsWith('.parquet')) files += Number(!key.includes('_delta_log'));
    return files;
  };
  await keepUntil(of, (text) => text.includes(`hasivu_lake_files{table="${root}"} 1\n`));
  of.nowMs += 6 * DAY;
  await keepUntil(of, (text) => text.includes(`hasivu_lake_files{table="${root}"} 1\n`));
  expect(await count()).toBe(10);
  of.nowMs += 2 * DAY;
  await keepUntil(of, (text) => text.includes('hasivu_keeper_jobs_total{job="vacuum",result="done"} 1'));
  expect(await count()).toBe(1);
  expect(await of.query(await of.reopen(root), 'SELECT count(1) AS n FROM t')).toEqual([{ n: '90' }]);
});

test('a table that cannot be read is left alone and told of; the others are looked after', async () => {
  const of = await lake();
  const broken = await tableOf(of, 'bronze/public/broken', 2);
  const root = await tableOf(of, 'bronze/public/orders', 9);
  await of.store.put(`${broken}/_delta_log/00000000000000000001.json`, Buffer.from('not json'));
  const { metrics, logs } = await keepUntil(of, (text) =>
    text.includes(`hasivu_lake_files{table="${root}"} 1\n`),
  );
  expect(logs).toContainEqual(expect.objectContaining({ code: 'LAKE_LOG_CORRUPT', table: broken }));
  expect(logs.filter(({ table }) => table === broken)).toHaveLength(1);
  expect(metrics).toContain('hasivu_keeper_tables_set_aside 1');
});

test('a table that is gone is no longer measured', async () => {
  const of = await lake();
  const [root, other] = [
    await tableOf(of, 'bronze/public/orders', 2),
    await tableOf(of, 'bronze/public/meals', 2),
  ];
  let gone = false;
  const { metrics } = await keepUntil(of, (text) => {
    if (!gone && text.includes(`hasivu_lake_files{table="${root}"} 2`)) {
      gone = true;
      void (async () => {
        for await (const { key } of of.store.list(`${root}/`)) await of.store.delete(key);
      })();
    }
    return gone && !text.includes(`table="${root}"`);
  });
  expect(metrics).toContain(`hasivu_lake_files{table="${other}"} 2`);
});
