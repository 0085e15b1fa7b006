import type { SinkOptions } from './sink-bench.ts';
import { SINK_PEERS } from './sink-sample.ts';

export const SINK_USAGE = `Kafka → Delta table: lake-sink beside Spark Structured Streaming and beside a consumer in Python with deltalake, on the
same topic. The peers write to local disk, ours to the object store.

Usage: npm run bench -- sink [options]

  --peers LIST           ${SINK_PEERS.join(',')}; all when left out (hasivu-silver: bronze and silver),
                         none for the parts below alone
  --tables N             also measures lake-sink over this many tables, 5 Kafka partitions each (default 0)
  --workers LIST         also measures several sinks that divide 16 tables of very different sizes, e.g. 1,2,4
  --freshness SECONDS    also measures how long after its COMMIT a row is in silver, at 2,000 rows/s (default 0)
  --rows N               rows that are measured (default 1000000)
  --warm-up N            rows that each peer takes before them (default 200000)
  --rounds N             rounds, another peer first in each (default 3)
  --profile DIR          write a CPU profile of each lake-sink into DIR, and summary.md with where the time went
  --json                 one JSON object on stdout in the place of the Markdown page
  --out FILE             write the JSON to FILE, and the page beside it with .md in the place of .json
`;

const PARTITIONS_PER_TABLE = 5;

/** What only this benchmark has, as `parseArgs` wants it. */
export const SINK_ARGUMENTS = {
  tables: { type: 'string', default: '0' },
  workers: { type: 'string' },
  freshness: { type: 'string', default: '0' },
} as const;

type Values = Readonly<Record<'rows' | 'warm-up' | 'rounds' | 'tables' | 'freshness', string>> & {
  readonly peers?: string | undefined;
  readonly workers?: string | undefined;
  readonly profile?: string | undefined;
};

/** @throws Error that names the option and what it takes */
export function sinkOptions(values: Values): Omit<SinkOptions, 'signal' | 'report'> {
  const names = values.peers === 'none' ? [] : (values.peers?.split(',') ?? SINK_PEERS);
  return {
    rows: count('rows', values.rows),
    warmUp: count('warm-up', values['warm-up']),
    rounds: count('rounds', values.rounds),
    peers: names.map((name) => {
      const found = SINK_PEERS.find((one) => one === name);
      if (found === undefined) throw new Error(`--peers ${name}: known are ${SINK_PEERS.join(', ')}`);
      return found;
    }),
    tables: values.tables === '0' ? 0 : count('tables', values.tables),
    workers: (values.workers?.split(',') ?? []).map((one) => count('workers', one)),
    freshnessSeconds: values.freshness === '0' ? 0 : count('freshness', values.freshness),
    partitionsPerTable: PARTITIONS_PER_TABLE,
    profileDirectory: values.profile ?? null,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} ${text}: a whole number above zero`);
  return value;
}
