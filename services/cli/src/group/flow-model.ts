import type { MetricSample } from './metrics-text.ts';

/** What one scrape of one service says about one table (or topic). Counters since the service's start. */
export interface FlowCounters {
  readonly rows: number;
  readonly commits: number;
  readonly quarantined: number;
  /** Rows or records not yet through; null where the service does not say. */
  readonly lagRows: number | null;
  /** Age of the oldest change not yet through, or of the newest one when it was made durable; null where not said. */
  readonly lagSeconds: number | null;
}

export interface FlowLine extends FlowCounters {
  readonly service: string;
  readonly table: string;
  readonly rowsPerSecond: number;
}

/** How one service's metrics read; the names are the services' public metric names. */
export interface FlowMetrics {
  readonly rows: readonly string[];
  readonly commits: readonly string[];
  readonly quarantined: readonly string[];
  readonly lagRows: readonly string[];
  readonly lagSeconds: readonly string[];
}
