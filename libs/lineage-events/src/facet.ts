/** Identifies this code as the author of events and facets. */
export const PRODUCER = 'urn:hasivu:data-platform:0.1.0';

export const RUN_EVENT_SCHEMA_URL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

/** What every facet carries. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
}

export type Facets = Readonly<Record<string, Facet>>;

/** Facet name in an event → version and definition of the schema it is written against. */
export const FACET_SCHEMAS = {
  schema: '1-2-0/SchemaDatasetFacet',
  columnLineage: '1-2-0/ColumnLineageDatasetFacet',
  datasetType: '1-0-1/DatasetTypeDatasetFacet',
  storage: '1-0-1/StorageDatasetFacet',
  version: '1-0-1/DatasetVersionDatasetFacet',
  inputStatistics: '1-0-0/InputStatisticsInputDatasetFacet',
  dataQualityMetrics: '1-0-3/DataQualityMetricsInputDatasetFacet',
  dataQualityAssertions: '1-1-0/DataQualityAssertionsDatasetFacet',
  outputStatistics: '1-0-2/OutputStatisticsOutputDatasetFacet',
  jobType: '2-0-4/JobTypeJobFacet',
  parent: '1-2-0/ParentRunFacet',
  processing_engine: '1-1-1/ProcessingEngineRunFacet',
  errorMessage: '1-0-1/ErrorMessageRunFacet',
} as const;

export type FacetName = keyof typeof FACET_SCHEMAS;

export function facet<T extends object>(name: FacetName, content: T): T & Facet {
  const [version, definition] = FACET_SCHEMAS[name].split('/') as [string, string];
  return {
    _producer: PRODUCER,
    _schemaURL: `https://openlineage.io/spec/facets/${version}/${definition}.json#/$defs/${definition}`,
    ...content,
  };
}
