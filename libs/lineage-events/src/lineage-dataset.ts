import { columnLineageFacet, type ColumnLineage } from './column-lineage.ts';
import type { DatasetName } from './dataset-name.ts';
import { facet, type Facet, type Facets } from './facet.ts';

export interface LineageColumn {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
}

export interface LineageDataset extends DatasetName {
  readonly kind: 'TABLE' | 'VIEW' | 'TOPIC' | 'STREAM' | 'FILE';
  readonly columns?: readonly LineageColumn[];
  /** Set for lake tables. */
  readonly storage?: { readonly layer: 'delta' | 'iceberg'; readonly format: 'parquet' };
  /** Version of the table at the time of the event, e.g. the Delta version. */
  readonly version?: string;
}

/** Totals since the run's start; the emitter turns them into the window's figures. */
export interface DurableTotals {
  readonly rows?: number;
  readonly bytes?: number;
  readonly files?: number;
}

/** One quality rule over an input and how many rows broke it since the run's start. */
export interface RuleTotals {
  readonly name: string;
  /** Classification as OpenLineage uses it: `not_null`, `range`, `accepted_values`, `pattern`, `expression`. */
  readonly assertion: string;
  readonly column?: string;
  readonly content?: string;
  readonly brokenRows: number;
}

export interface LineageInput extends LineageDataset {
  readonly totals?: DurableTotals;
  readonly rules?: readonly RuleTotals[];
}

export interface LineageOutput extends LineageDataset {
  readonly totals?: DurableTotals;
  readonly columnLineage?: ColumnLineage;
}

export interface DatasetElement extends DatasetName {
  readonly facets: Facets;
  readonly inputFacets?: Facets;
  readonly outputFacets?: Facets;
}

export function inputElement(input: LineageInput, before: LineageInput | undefined): DatasetElement {
  const inputFacets: Record<string, Facet> = {};
  const window = windowOf(input.totals, before?.totals);
  if (window) inputFacets['inputStatistics'] = facet('inputStatistics', statistics(window));
  if (input.rules && input.rules.length > 0) {
    inputFacets['dataQualityMetrics'] = facet('dataQualityMetrics', {
      ...(window?.rows === undefined ? {} : { rowCount: window.rows }),
      columnMetrics: {},
    });
    inputFacets['dataQualityAssertions'] = facet('dataQualityAssertions', {
      assertions: input.rules.map((rule) => assertion(rule, before?.rules)),
    });
  }
  return { namespace: input.namespace, name: input.name, facets: datasetFacets(input), inputFacets };
}

export function outputElement(output: LineageOutput, before: LineageOutput | undefined): DatasetElement {
  const facets: Record<string, Facet> = { ...datasetFacets(output) };
  if (output.columnLineage) facets['columnLineage'] = columnLineageFacet(output.columnLineage);
  const window = windowOf(output.totals, before?.totals);
  return {
    namespace: output.namespace,
    name: output.name,
    facets,
    outputFacets: window ? { outputStatistics: facet('outputStatistics', statistics(window)) } : {},
  };
}

function datasetFacets(dataset: LineageDataset): Facets {
  const facets: Record<string, Facet> = {
    datasetType: facet('datasetType', { datasetType: dataset.kind }),
  };
  if (dataset.columns)
    facets['schema'] = facet('schema', {
      fields: dataset.columns.map((column, i) => ({ ...column, ordinal_position: i + 1 })),
    });
  if (dataset.storage)
    facets['storage'] = facet('storage', {
      storageLayer: dataset.storage.layer,
      fileFormat: dataset.storage.format,
    });
  if (dataset.version !== undefined)
    facets['version'] = facet('version', { datasetVersion: dataset.version });
  return facets;
}

function statistics(window: DurableTotals): object {
  return {
    ...(window.rows === undefined ? {} : { rowCount: window.rows }),
    ...(window.bytes === undefined ? {} : { size: window.bytes }),
    ...(window.files === undefined ? {} : { fileCount: window.files }),
  };
}

function windowOf(now: DurableTotals | undefined, before: DurableTotals | undefined): DurableTotals | null {
  if (!now) return null;
  return {
    ...(now.rows === undefined ? {} : { rows: now.rows - (before?.rows ?? 0) }),
    ...(now.bytes === undefined ? {} : { bytes: now.bytes - (before?.bytes ?? 0) }),
    ...(now.files === undefined ? {} : { files: now.files - (before?.files ?? 0) }),
  };
}

function assertion(rule: RuleTotals, before: readonly RuleTotals[] | undefined): object {
  const known = before?.find((other) => other.name === rule.name);
  const broken = rule.brokenRows - (known?.brokenRows ?? 0);
  return {
    assertion: rule.assertion,
    name: rule.name,
    success: broken === 0,
    severity: 'error',
    expected: '0',
    actual: String(broken),
    ...(rule.column === undefined ? {} : { column: rule.column }),
    ...(rule.content === undefined ? {} : { content: rule.content, contentType: 'expression' }),
  };
}
