import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnService, stack, testDatabase, topicPrefix, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { BenchClient } from '../cdc/bench-client.ts';
import { ORDERS_TABLE } from '../orders-table.ts';
import { reaches } from '../sink/service-rows.ts';
import { tenantSql } from './tenant-sizes.ts';

export interface TenantTopicOptions {
  readonly tenants: number;
  readonly rows: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** A topic with the orders of many tenants. */
export interface TenantTopic {
  /** Of the topics. */
  readonly prefix: string;
  /** Rows in it: whole transactions. */
  readonly rows: number;
  /** For files of one measurement. */
  readonly directory: string;
}

const ROWS_PER_TRANSACTION = 1_000;
const PARTITIONS = 3;

/** Fills a topic by cdc-source with rows of tenants of very different sizes, works with it, and deletes it. */
export async function withTenantTopic<T>(
  { tenants, rows, signal, report }: TenantTopicOptions,
  work: (topic: TenantTopic) => Promise<T>,
): Promise<T> {
  await using database = await testDatabase(uniqueName('tenants'));
  await using topics = topicPrefix('tenants');
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  try {
    const { kafka, registry } = stack();
    const { prefix } = topics;
    const path = join(directory, 'source.yaml');
    const config = {
      version: 1,
      source: {
        postgres: { url: database.url, tables: ['public.orders'], publication: prefix, slot: prefix },
      },
      kafka: { brokers: kafka.brokers, registry: registry.url, prefix, topics: { partitions: PARTITIONS } },
    };
    writeFileSync(path, stringify(config), { mode: 0o600 });
    await using client = await BenchClient.connect(database.url, signal);
    await client.query(ORDERS_TABLE);
    await using source = await spawnService('cdc-source', path);
    await source.waitReady();
    const transactions = Math.ceil(rows / ROWS_PER_TRANSACTION);
    report(`filling a topic with ${transactions * ROWS_PER_TRANSACTION} rows of ${tenants} tenants`);
    await client.query('set synchronous_commit = off');
    for (let n = 0; n < transactions; n += 1)
      await client.query(insertSql(tenants), [n * ROWS_PER_TRANSACTION]);
    await reaches(source, 'hasivu_source_rows_total', transactions * ROWS_PER_TRANSACTION, signal);
    await source.stop();
    return await work({ prefix, rows: transactions * ROWS_PER_TRANSACTION, directory });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Rows from `$1` on. */
function insertSql(tenants: number): string {
  return `insert into orders select id, ${tenantSql('id', tenants)}, id % 1000, (id * 7919) % 100000, 'item-' || (id % 200), 1 + id % 5,
    (id % 1000) / 10.0 + 1, (array['placed','paid','cooking','served'])[1 + id % 4], 'note ' || md5(id::text), now(), now(),
    jsonb_build_object('allergens', array['nut','milk'], 'kitchen', id % 40) from (select $1::bigint + g as id from generate_series(1, ${ROWS_PER_TRANSACTION}) g) n`;
}
