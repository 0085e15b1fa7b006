import { FLOW_METRICS, type FlowField } from './flow-metrics.ts';
import type { MetricSample } from './metrics-text.ts';

/** What one scrape of one service says about one table or topic. Counts are since the service's start. */
export type FlowCounters = Readonly<Record<FlowField, number | null>>;

export interface FlowLine extends FlowCounters {
  readonly service: string;
  /** `schema.table`, or a topic without the prefix; empty for what concerns the whole service. */
  readonly table: string;
  /** null before the second scrape. */
  readonly rowsPerSecond: number | null;
}

export interface FlowScrape {
  readonly service: string;
  readonly atMs: number;
  readonly samples: readonly MetricSample[];
}

/** What cdc-source calls a database without a name. */
const UNNAMED = 'default';

const FIELDS = [
  'rows',
  'commits',
  'quarantined',
  'deadLetters',
  'lagRows',
  'lagSeconds',
  'lagBytes',
] as const satisfies readonly FlowField[];
const NOTHING: FlowCounters = {
  rows: null,
  commits: null,
  quarantined: null,
  deadLetters: null,
  lagRows: null,
  lagSeconds: null,
  lagBytes: null,
};

/** One line for each table that the service's metrics name, in the order of their names. */
export function flowLines(scrape: FlowScrape, before: FlowScrape | null, prefix = ''): FlowLine[] {
  const now = countersByTable(scrape, prefix);
  const then = before ? countersByTable(before, prefix) : new Map<string, FlowCounters>();
  const seconds = before ? (scrape.atMs - before.atMs) / 1000 : 0;
  return [...now]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([table, counters]) => ({
      service: scrape.service,
      table,
      ...counters,
      rowsPerSecond: seconds > 0 ? rate(counters.rows, then.get(table)?.rows ?? 0, seconds) : null,
    }));
}

/** One line for a whole service: its tables added up, the worst of their ages. Nothing for a service without lines. */
export function flowTotals(lines: readonly FlowLine[]): FlowLine[] {
  const [first] = lines;
  if (!first) return [];
  const add = (left: number | null, right: number | null): number | null =>
    left === null ? right : right === null ? left : left + right;
  const worst = (left: number | null, right: number | null): number | null =>
    left === null || right === null ? (left ?? right) : Math.max(left, right);
  return [
    lines.slice(1).reduce(
      (sum, line) => ({
        ...sum,
        rows: add(sum.rows, line.rows),
        rowsPerSecond: add(sum.rowsPerSecond, line.rowsPerSecond),
        commits: add(sum.commits, line.commits),
        quarantined: add(sum.quarantined, line.quarantined),
        deadLetters: add(sum.deadLetters, line.deadLetters),
        lagRows: add(sum.lagRows, line.lagRows),
        lagBytes: add(sum.lagBytes, line.lagBytes),
        lagSeconds: worst(sum.lagSeconds, line.lagSeconds),
      }),
      { ...first, table: '' },
    ),
  ];
}

/** A counter that fell has been reset by a restart: what it shows now is what was done since. */
function rate(now: number | null, then: number | null, seconds: number): number | null {
  if (now === null) return null;
  const grown = now - (then ?? 0);
  return (grown < 0 ? now : grown) / seconds;
}

function countersByTable({ service, samples }: FlowScrape, prefix: string): Map<string, FlowCounters> {
  const tables = new Map<string, FlowCounters>();
  for (const field of FIELDS) {
    const readings = FLOW_METRICS[field].filter((metric) => metric.service === service);
    for (const sample of samples) {
      const reading = readings.find(({ metric }) => metric === sample.name);
      if (!reading) continue;
      const table = tableOf(sample, prefix);
      const counters = tables.get(table) ?? NOTHING;
      const value = reading.scale === undefined ? sample.value : sample.value * reading.scale;
      const merged =
        reading.merge === 'max'
          ? Math.max(counters[field] ?? -Infinity, value)
          : (counters[field] ?? 0) + value;
      tables.set(table, { ...counters, [field]: merged });
    }
  }
  return tables;
}

function tableOf({ labels }: MetricSample, prefix: string): string {
  const { table, database } = labels;
  // A database with a name may have tables that another one has too.
  if (table !== undefined)
    return database === undefined || database === UNNAMED ? table : `${database}.${table}`;
  const topic = labels['topic'] ?? labels['pipeline'] ?? '';
  return prefix !== '' && topic.startsWith(`${prefix}.`) ? topic.slice(prefix.length + 1) : topic;
}
