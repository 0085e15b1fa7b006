import { topicNames } from '@hasivu/change-events';
import { readLastByKey, type KafkaCluster } from '@hasivu/kafka';

import type { EventSink } from '../core/event-sink.ts';
import { SchemaChanges } from '../core/schema-changes.ts';
import { announcedEntry, SchemaHistory } from '../core/schema-history.ts';
import { tableId } from '../core/table-selection.ts';
import type { PreparedSource } from './source-checks.ts';

/** The topic of schema changes and what it says so far. */
export interface SchemaChangeTopic {
  readonly schemaChanges: SchemaChanges;
  readonly history: SchemaHistory;
}

/** Opens `<prefix>.schema-changes`: one partition, so that changes have one order, and kept for good. */
export async function openSchemaChangeTopic(
  cluster: KafkaCluster,
  prefix: string,
  { server, tables }: PreparedSource,
  sink: EventSink,
  signal: AbortSignal,
): Promise<SchemaChangeTopic> {
  const topic = topicNames(prefix).schemaChanges;
  await cluster.ensureTopics([{ topic, partitions: 1, config: { 'retention.ms': '-1' } }]);
  const records = [...(await readLastByKey(cluster, topic, signal))].flatMap(([id, record]) => {
    const entry = announcedEntry(record);
    return entry === null ? [] : [[id, entry] as const];
  });
  const names = new Map(tables.map((table) => [table.oid, tableId(table)]));
  const history = new SchemaHistory(new Map(records), names);
  const { database } = server;
  return {
    history,
    schemaChanges: new SchemaChanges({ sink, topic, sourceName: prefix, database, history }),
  };
}
