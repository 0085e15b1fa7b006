/** Columns of the live table. */
export type FlowField =
  'rows' | 'commits' | 'quarantined' | 'deadLetters' | 'lagRows' | 'lagSeconds' | 'lagBytes';

/** Where a column's figure comes from. Samples of one table that differ in other labels are merged into one figure. */
export interface FlowMetric {
  readonly service: string;
  readonly metric: string;
  /** Counters and backlogs add up; ages take the worst. */
  readonly merge: 'sum' | 'max';
  readonly scale?: number;
}

/** The services' public metric names that the live table and `status` read. */
export const FLOW_METRICS: Readonly<Record<FlowField, readonly FlowMetric[]>> = {
  rows: [
    { service: 'cdc-source', metric: 'hasivu_source_rows_total', merge: 'sum' },
    { service: 'stream-processor', metric: 'hasivu_processor_rows_total', merge: 'sum' },
    { service: 'lake-sink', metric: 'hasivu_sink_rows_total', merge: 'sum' },
  ],
  commits: [
    { service: 'cdc-source', metric: 'hasivu_source_kafka_commit_seconds_count', merge: 'sum' },
    { service: 'stream-processor', metric: 'hasivu_processor_commit_seconds_count', merge: 'sum' },
    { service: 'lake-sink', metric: 'hasivu_sink_commits_total', merge: 'sum' },
  ],
  quarantined: [{ service: 'stream-processor', metric: 'hasivu_quarantined_rows_total', merge: 'sum' }],
  deadLetters: [
    { service: 'stream-processor', metric: 'hasivu_dead_letters_total', merge: 'sum' },
    { service: 'lake-sink', metric: 'hasivu_dead_letters_total', merge: 'sum' },
  ],
  lagRows: [
    { service: 'stream-processor', metric: 'hasivu_processor_lag_rows', merge: 'sum' },
    { service: 'lake-sink', metric: 'hasivu_sink_lag_rows', merge: 'sum' },
  ],
  lagSeconds: [{ service: 'cdc-source', metric: 'hasivu_source_lag_seconds', merge: 'max' }],
  lagBytes: [{ service: 'cdc-source', metric: 'hasivu_source_lag_bytes', merge: 'sum' }],
};
