import { testDatabase, uniqueName } from '@hasivu/testing';

import { BenchClient } from '../cdc/bench-client.ts';
import { BENCH_TABLES } from '../cdc/bench-tables.ts';
import { END_TABLE } from '../cdc/cell-load.ts';
import { HasivuSource } from '../cdc/hasivu-drain.ts';
import { ORDERS_TABLE } from '../orders-table.ts';
import { reaches } from '../sink/service-rows.ts';
import { spreadKey } from './spread-keys.ts';

export interface UpsertTopicOptions {
  /** Of the table whose keys are changed. */
  readonly tableRows: number;
  readonly changes: number;
  readonly partitions: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

const ROWS_PER_TRANSACTION = 1_000;

/**
 * Works with a topic of changes to keys all over the table, written by cdc-source, and deletes it. The source's table
 * has the changed rows only: to a sink that has the key already an insert is an upsert like any other.
 * @param work is given the topics' prefix
 */
export async function withUpsertTopic<T>(
  { tableRows, changes, partitions, signal, report }: UpsertTopicOptions,
  work: (prefix: string) => Promise<T>,
): Promise<T> {
  await using database = await testDatabase(uniqueName('upsert'));
  await database.query(ORDERS_TABLE);
  await database.query(`create table ${END_TABLE} (id int primary key)`);
  await database.query(`create publication bench for table orders, ${END_TABLE}`);
  const scene = { database, publication: 'bench', table: 'orders', partitions, profileDirectory: null };
  await using source = new HasivuSource(scene, 'never');
  const service = await (await source.launch()).waitReady();
  report(`filling a topic with ${changes} changes of a table of ${tableRows} rows`);
  {
    await using client = await BenchClient.connect(database.url, signal);
    const row = BENCH_TABLES.find(({ name }) => name === 'orders')?.row ?? '';
    const insert = `insert into orders select ${row} from (select ${spreadKey(tableRows, 'k')} as id from generate_series($1::bigint, $2::bigint) k) keys`;
    for (let first = 0; first < changes; first += ROWS_PER_TRANSACTION)
      await client.query(insert, [first, Math.min(changes, first + ROWS_PER_TRANSACTION) - 1]);
  }
  await reaches(service, 'hasivu_source_rows_total', changes, signal);
  await source.stop();
  return await work(source.prefix);
}
