export {
  capturedDatabases,
  databasesOf,
  topicPrefixOf,
  type CapturedDatabase,
} from './captured-databases.ts';
export type { CapacityConfig } from './capacity-section.ts';
export type { TableColumnsConfig } from './columns-section.ts';
export { checkConfig } from './config-check.ts';
export type { ConfigMistake } from './config-mistake.ts';
export { ConfigSchema, type HasivuConfig, type ServiceName } from './config-schema.ts';
export type { GroupConfig } from './group-section.ts';
export type { KafkaConfig } from './kafka-section.ts';
export { lakeTableOf, type LakeLayer, type LakeTableSettings } from './lake-table-settings.ts';
export type { MaintenanceConfig } from './maintenance-section.ts';
export type { LakeConfig, TableConfig } from './lake-section.ts';
export type { TableHistoryConfig } from './history-section.ts';
export { configMistakes, loadConfig, tableConfig } from './load-config.ts';
export type { OutboxConfig } from './outbox-section.ts';
export type { PipelineConfig, PipelineStepConfig, QualityRuleConfig } from './pipeline-section.ts';
export { PostgresSection, type PostgresConfig } from './postgres-section.ts';
export { ageMs, type RetentionConfig } from './retention-section.ts';
export { tableRetention, type TableRetention } from './table-retention.ts';
export { tierRules, type TiersConfig } from './tiers-section.ts';
export { accessLogSource, type AccessLogSource } from './access-log-source.ts';
export { tableHistories, type NamedHistory } from './table-histories.ts';
export { capturedBy } from './table-pattern.ts';
