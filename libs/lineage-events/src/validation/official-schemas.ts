import core from '../../schemas/OpenLineage.json' with { type: 'json' };
import columnLineage from '../../schemas/facets/ColumnLineageDatasetFacet.json' with { type: 'json' };
import dataQualityAssertions from '../../schemas/facets/DataQualityAssertionsDatasetFacet.json' with { type: 'json' };
import dataQualityMetrics from '../../schemas/facets/DataQualityMetricsInputDatasetFacet.json' with { type: 'json' };
import version from '../../schemas/facets/DatasetVersionDatasetFacet.json' with { type: 'json' };
import dataSource from '../../schemas/facets/DatasourceDatasetFacet.json' with { type: 'json' };
import datasetType from '../../schemas/facets/DatasetTypeDatasetFacet.json' with { type: 'json' };
import errorMessage from '../../schemas/facets/ErrorMessageRunFacet.json' with { type: 'json' };
import inputStatistics from '../../schemas/facets/InputStatisticsInputDatasetFacet.json' with { type: 'json' };
import jobType from '../../schemas/facets/JobTypeJobFacet.json' with { type: 'json' };
import lifecycleStateChange from '../../schemas/facets/LifecycleStateChangeDatasetFacet.json' with { type: 'json' };
import nominalTime from '../../schemas/facets/NominalTimeRunFacet.json' with { type: 'json' };
import outputStatistics from '../../schemas/facets/OutputStatisticsOutputDatasetFacet.json' with { type: 'json' };
import parent from '../../schemas/facets/ParentRunFacet.json' with { type: 'json' };
import processingEngine from '../../schemas/facets/ProcessingEngineRunFacet.json' with { type: 'json' };
import schema from '../../schemas/facets/SchemaDatasetFacet.json' with { type: 'json' };
import sql from '../../schemas/facets/SQLJobFacet.json' with { type: 'json' };
import storage from '../../schemas/facets/StorageDatasetFacet.json' with { type: 'json' };

/** A schema as OpenLineage publishes it: for facets, an object whose one property is the facet's name. */
export interface OfficialSchema {
  readonly $id: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

export const CORE_SCHEMA: OfficialSchema = core;

export const OFFICIAL_FACETS: readonly OfficialSchema[] = [
  columnLineage,
  dataQualityAssertions,
  dataQualityMetrics,
  version,
  dataSource,
  datasetType,
  errorMessage,
  inputStatistics,
  jobType,
  lifecycleStateChange,
  nominalTime,
  outputStatistics,
  parent,
  processingEngine,
  schema,
  sql,
  storage,
];
