import type { KafkaCluster } from '@hasivu/kafka';

import { outputNames, type ProcessorSettings } from '../processor-settings.ts';

/**
 * Makes sure that every topic exists and tells their partitions. Outputs get as many as their widest source, so that
 * adding a pipeline does not narrow the flow.
 */
export async function openTopics(
  cluster: KafkaCluster,
  settings: ProcessorSettings,
): Promise<ReadonlyMap<string, number>> {
  const { names, sources, pipelines } = settings;
  // The source may start later: its topics are created as it would create them, and waited on.
  await cluster.ensureTopics(sources.map(({ topic }) => ({ topic })));
  const partitions = new Map<string, number>();
  for (const { topic } of sources) partitions.set(topic, await cluster.partitionsOf(topic));
  const requests = sources.flatMap(({ topic }) =>
    [names.quarantine(topic), names.dlq(topic)].map((aside) => ({
      topic: aside,
      partitions: partitions.get(topic),
    })),
  );
  for (const pipeline of pipelines) {
    const widest = Math.max(
      ...sources
        .filter((source) => source.pipelines.includes(pipeline))
        .map(({ topic }) => partitions.get(topic) ?? 1),
    );
    for (const output of outputNames(pipeline))
      requests.push({ topic: names.curated(pipeline.name, output), partitions: widest });
  }
  await cluster.ensureTopics(requests);
  for (const { topic } of requests) partitions.set(topic, await cluster.partitionsOf(topic));
  return partitions;
}
