import { topicNames, type TopicNames } from '@hasivu/change-events';
import { topicPrefixOf, type HasivuConfig, type PipelineConfig } from '@hasivu/config';

/** A source topic and the pipelines that read it. */
export interface SourceTopic {
  readonly topic: string;
  /** First part of the topic's name, which is that of its database. */
  readonly prefix: string;
  readonly schema: string;
  readonly table: string;
  readonly pipelines: readonly PipelineConfig[];
}

export interface ProcessorSettings {
  readonly kafka: HasivuConfig['kafka'];
  readonly lineage: HasivuConfig['lineage'];
  readonly pipelines: readonly PipelineConfig[];
  readonly sources: readonly SourceTopic[];
  readonly names: TopicNames;
  /** Consumer group and transactional id: one processor per prefix, a second one fences the first. */
  readonly identity: string;
}

export function settingsOf(config: HasivuConfig): ProcessorSettings {
  const { prefix } = config.kafka;
  const names = topicNames(prefix);
  return {
    kafka: config.kafka,
    lineage: config.lineage,
    pipelines: config.pipelines,
    names,
    identity: `${prefix}-stream-processor`,
    sources: sourceTopics(config),
  };
}

function sourceTopics(config: HasivuConfig): SourceTopic[] {
  const topics = new Map<string, SourceTopic & { readonly pipelines: PipelineConfig[] }>();
  for (const pipeline of config.pipelines) {
    for (const name of new Set(pipeline.from)) {
      const dot = name.indexOf('.');
      const [schema, table] = [name.slice(0, dot), name.slice(dot + 1)];
      const prefix = topicPrefixOf(config, name, pipeline.source);
      const topic = topicNames(prefix).change(schema, table);
      const known = topics.get(topic) ?? { topic, prefix, schema, table, pipelines: [] };
      known.pipelines.push(pipeline);
      topics.set(topic, known);
    }
  }
  return [...topics.values()];
}

/** Names of a pipeline's outputs: its own, then those of its route steps. */
export function outputNames(pipeline: PipelineConfig): string[] {
  const routed = pipeline.steps.flatMap((step) => ('route' in step ? [step.route.to] : []));
  return [...new Set([pipeline.to, ...routed])];
}
