import { DEFAULT_CELLS, parseCell } from './cell.ts';
import { ALL_PEERS, PARTS, type CdcOptions } from './cdc-bench.ts';

export const CDC_USAGE = `Postgres → Kafka: cdc-source beside tuned Debezium and beside the walsender alone, on the same table, log and broker.

Usage: npm run bench -- cdc [options]

  --part LIST            ${PARTS.join(',')}; all when left out
  --shapes LIST          <narrow|orders|wide>-<rows per transaction>[-mixed]; default
                         ${DEFAULT_CELLS.slice(0, 4).join(',')},
                         ${DEFAULT_CELLS.slice(4).join(',')}
  --peers LIST           ${ALL_PEERS.join(',')}; all when left out
  --rows N               rows of the 1,000-row and the million-row shape, fewer for the others (default 1000000)
  --warm-up N            rows that each peer drains before the measured ones, so that a JVM has compiled its hot code
                         (default 200000)
  --rounds N             rounds, peers in another order each (default 3)
  --rates LIST           rows per second of the latency part (default 500,2000,10000)
  --rate-seconds N       seconds per rate (default 10)
  --snapshot-rows N      rows of the snapshot part; Debezium copies a tenth (default 10000000)
  --profile DIR          write CPU profiles of cdc-source into DIR, one of every life, and summary.md with where the time
                         went (the figures then include the profiler)
  --json                 one JSON object on stdout in the place of the Markdown page
  --out FILE             write the JSON to FILE, and the page beside it with .md in the place of .json

A run of a few minutes:  npm run bench -- cdc --rows 200000 --rounds 1 --shapes orders-1000,orders-1 --snapshot-rows 500000
`;

/** Command-line options of the benchmark, as `parseArgs` wants them. */
export const CDC_ARGUMENTS = {
  part: { type: 'string', default: PARTS.join(',') },
  shapes: { type: 'string', default: DEFAULT_CELLS.join(',') },
  peers: { type: 'string' },
  rows: { type: 'string', default: '1000000' },
  'warm-up': { type: 'string', default: '200000' },
  rounds: { type: 'string', default: '3' },
  rates: { type: 'string', default: '500,2000,10000' },
  'rate-seconds': { type: 'string', default: '10' },
  'snapshot-rows': { type: 'string', default: '10000000' },
  profile: { type: 'string' },
} as const;

type Values = Readonly<Record<Exclude<keyof typeof CDC_ARGUMENTS, 'profile' | 'peers'>, string>> & {
  readonly peers?: string | undefined;
  readonly profile?: string | undefined;
};

/** @throws Error that names the option and what it takes */
export function cdcOptions(values: Values): Omit<CdcOptions, 'signal' | 'report'> {
  return {
    parts: someOf('part', values.part, PARTS),
    cells: values.shapes.split(',').map(parseCell),
    peers: someOf('peers', values.peers ?? ALL_PEERS.join(','), ALL_PEERS),
    rows: count('rows', values.rows),
    warmUp: count('warm-up', values['warm-up']),
    rounds: count('rounds', values.rounds),
    rates: values.rates.split(',').map((rate) => count('rates', rate)),
    rateSeconds: count('rate-seconds', values['rate-seconds']),
    snapshotRows: count('snapshot-rows', values['snapshot-rows']),
    profileDirectory: values.profile ?? null,
  };
}

function someOf<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`--${option} ${name}: known are ${known.join(', ')}`);
    return found;
  });
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} ${text}: a whole number above zero`);
  return value;
}
