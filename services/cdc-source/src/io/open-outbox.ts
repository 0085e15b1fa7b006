import { wireHeader } from '@hasivu/change-events';
import type { KafkaCluster, SchemaRegistry } from '@hasivu/kafka';

import { Outbox, type OutboxOptions } from '../core/outbox/outbox.ts';
import type { SourceDependencies } from '../source-dependencies.ts';

/** The configured outbox, or null. Topics are created, and schemas registered, when the first message goes there. */
export function openOutbox(
  { settings, logger }: SourceDependencies,
  cluster: KafkaCluster,
  registry: SchemaRegistry,
  parts: Pick<OutboxOptions, 'sink' | 'ledger' | 'errands'>,
): Outbox | null {
  const config = settings.postgres.outbox;
  if (!config) return null;
  return new Outbox({
    ...parts,
    config,
    openTopic: async (topic, schema) => {
      await cluster.ensureTopics([{ topic }]);
      return {
        partitions: await cluster.partitionsOf(topic),
        header: schema === null ? null : wireHeader(await registry.register(`${topic}-value`, schema)),
      };
    },
    onUpdates: (table, rows) => {
      const told = 'rows of the outbox were updated: an update is no message and is passed over';
      if (config.onUpdate === 'error') logger.error({ table, rows }, told);
      else logger.warn({ table, rows }, told);
    },
  });
}
