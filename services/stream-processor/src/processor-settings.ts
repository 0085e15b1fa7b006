import { topicNames, type TopicNames } from '@hasivu/change-events';
import type { HasivuConfig, PipelineConfig } from '@hasivu/config';

/** A source topic and the pipelines that read it. */
export interface SourceTopic {
  readonly topic: string;
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
  const tables = [...new Set(config.pipelines.flatMap((pipeline) => pipeline.from))];
  return {
    kafka: config.kafka,
    lineage: config.lineage,
    pipelines: config.pipelines,
    names,
    identity: `${prefix}-stream-processor`,
    sources: tables.map((name) => {
      const dot = name.indexOf('.');
      const [schema, table] = [name.slice(0, dot), name.slice(dot + 1)];
      return {
        topic: names.change(schema, table),
        schema,
        table,
        pipelines: config.pipelines.filter((pipeline) => pipeline.from.includes(name)),
      };
    }),
  };
}

/** Names of a pipeline's outputs: its own, then those of its route steps. */
export function outputNames(pipeline: PipelineConfig): string[] {
  const routed = pipeline.steps.flatMap((step) => ('route' in step ? [step.route.to] : []));
  return [...new Set([pipeline.to, ...routed])];
}
