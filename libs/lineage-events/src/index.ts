export {
  columnLineageFacet,
  identityLineage,
  type ColumnInput,
  type ColumnLineage,
  type WholeDatasetInput,
} from './column-lineage.ts';
export {
  kafkaDataset,
  postgresDataset,
  postgresDatasetOf,
  fileDataset,
  s3Dataset,
  sameDataset,
  type DatasetName,
  type HostPort,
} from './dataset-name.ts';
export { eventKey } from './event-key.ts';
export type { Facet, Facets } from './facet.ts';
export type {
  DurableTotals,
  LineageColumn,
  LineageDataset,
  LineageInput,
  LineageOutput,
  RuleTotals,
} from './lineage-dataset.ts';
export { LineageEmitter, type LineageEmitterOptions, type LineageTransport } from './lineage-emitter.ts';
export {
  buildRunEvent,
  type EventType,
  type JobName,
  type LineageJob,
  type LineageSnapshot,
  type ParentRun,
  type RunEvent,
  type RunMoment,
} from './run-event.ts';
export { createRunId } from './run-id.ts';
