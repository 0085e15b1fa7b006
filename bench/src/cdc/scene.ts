import { KafkaCluster } from '@hasivu/kafka';
import { stackNow, testDatabase } from '@hasivu/testing';

import type { BenchTable } from './bench-tables.ts';
import { END_TABLE } from './cell-load.ts';
import type { Scene } from './peer.ts';

export interface SceneOptions {
  /** Where CPU profiles of our processes go; null for none. */
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** A database with the table and its publication; it and every slot in it are dropped afterwards, however this ends. */
export async function withScene<T>(
  options: SceneOptions,
  table: BenchTable,
  names: { readonly name: string; readonly partitions: number },
  work: (scene: Scene) => Promise<T>,
): Promise<T> {
  const { kafka } = await stackNow();
  if (kafka.pid === null) throw new Error("the broker's CPU time is needed, and it is not one of ours");
  await using database = await testDatabase(names.name);
  await database.query(table.create);
  await database.query(`create table ${END_TABLE} (id int primary key)`);
  await database.query(`create publication bench for table ${table.name}, ${END_TABLE}`);
  const cluster = await KafkaCluster.connect({ brokers: kafka.brokers }, { clientId: 'bench' });
  try {
    return await work({
      ...options,
      database,
      cluster,
      table: table.name,
      publication: 'bench',
      partitions: names.partitions,
      brokerPid: kafka.pid,
    });
  } finally {
    cluster.close();
  }
}

/** Drops the slots of the scene's database, so that the server may forget the log. */
export async function deleteSlots(scene: Scene): Promise<void> {
  await scene.database.query(
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots
      where database = current_database() and not active`,
  );
}
