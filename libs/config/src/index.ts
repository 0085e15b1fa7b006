export { capturedBy, checkConfig } from './config-check.ts';
export type { ConfigMistake } from './config-mistake.ts';
export { ConfigSchema, type HasivuConfig, type ServiceName } from './config-schema.ts';
export type { KafkaConfig } from './kafka-section.ts';
export type { LakeConfig, TableConfig } from './lake-section.ts';
export { configMistakes, loadConfig, tableConfig } from './load-config.ts';
export type { PipelineConfig, PipelineStepConfig, QualityRuleConfig } from './pipeline-section.ts';
export type { PostgresConfig } from './postgres-section.ts';
