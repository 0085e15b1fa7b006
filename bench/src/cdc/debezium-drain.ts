import { Debezium, type ConnectInstallation, type DebeziumFormat } from '@hasivu/peers';
import { stack, topicPrefix } from '@hasivu/testing';

import { END_TABLE } from './cell-load.ts';
import { watchTopics } from './drain-window.ts';
import type { Drain, Scene } from './peer.ts';

/** How often a failed task is looked for; each look costs the JVM a request. */
const CHECK_EVERY_MS = 5_000;

export async function debeziumDrain(
  scene: Scene,
  installation: ConnectInstallation,
  format: DebeziumFormat,
): Promise<Drain> {
  const topics = topicPrefix('bench_dbz');
  const name = topics.prefix;
  await scene.database.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
  const tables = [scene.table, END_TABLE];
  const { partitions } = scene;
  await scene.cluster.ensureTopics(tables.map((table) => ({ topic: `${name}.public.${table}`, partitions })));
  let running: Debezium | null = null;
  return {
    run: async (log) => {
      const debezium = await startDebezium(scene, installation, { name, format, snapshotMode: 'no_data' });
      running = debezium;
      let checkedMs = 0;
      const check = async (): Promise<void> => {
        if (performance.now() - checkedMs < CHECK_EVERY_MS) return;
        checkedMs = performance.now();
        await debezium.taskState();
      };
      return await watchTopics(scene, log, { prefix: name, slot: name, pid: debezium.pid, check });
    },
    [Symbol.asyncDispose]: async () => {
      await running?.stop();
      await topics[Symbol.asyncDispose]();
    },
  };
}

/** `name` is the topic prefix and the slot. */
export async function startDebezium(
  scene: Pick<Scene, 'database' | 'publication' | 'table'>,
  installation: ConnectInstallation,
  options: {
    readonly name: string;
    readonly format: DebeziumFormat;
    readonly snapshotMode: 'no_data' | 'initial';
  },
): Promise<Debezium> {
  return await Debezium.start(installation, {
    databaseUrl: scene.database.url,
    brokers: stack().kafka.brokers,
    topicPrefix: options.name,
    tables: [scene.table, END_TABLE].map((table) => `public.${table}`),
    publication: scene.publication,
    slot: options.name,
    snapshotMode: options.snapshotMode,
    format: options.format,
  });
}
