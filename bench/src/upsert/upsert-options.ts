import type { UpsertOptions } from './upsert-bench.ts';
import { UPSERT_PEERS } from './upsert-sample.ts';

export const UPSERT_USAGE = `Changes of keys all over tables that are there: lake-sink (Kafka → state table in the object store) beside Spark's MERGE
with deletion vectors (Parquet files → table on local disk).

Usage: npm run bench -- upsert [options]

  --peers LIST           ${UPSERT_PEERS.join(',')}; all when left out
  --table-rows LIST      rows of the tables (default 2000000,20000000)
  --changes N            changes that are measured (default 200000)
  --warm-up N            changes that each peer takes before them (default 40000)
  --batch N              rows of one MERGE of Spark (default 200000)
  --rounds N             rounds, another peer first in each (default 3)
  --profile DIR          write a CPU profile of each lake-sink into DIR, and summary.md with where the time went
  --json                 one JSON object on stdout in the place of the Markdown page
  --out FILE             write the JSON to FILE, and the page beside it with .md in the place of .json
`;

const WARM_UP = '40000';

/** What only this benchmark has, as `parseArgs` wants it. */
export const UPSERT_ARGUMENTS = {
  'table-rows': { type: 'string', default: '2000000,20000000' },
  changes: { type: 'string', default: '200000' },
  batch: { type: 'string', default: '200000' },
} as const;

type Values = Readonly<Record<'table-rows' | 'changes' | 'batch' | 'warm-up' | 'rounds', string>> & {
  readonly peers?: string | undefined;
  readonly profile?: string | undefined;
};

/** @throws Error that names the option and what it takes */
export function upsertOptions(
  values: Values,
  isGiven: (option: string) => boolean,
): Omit<UpsertOptions, 'signal' | 'report'> {
  const names = values.peers?.split(',') ?? UPSERT_PEERS;
  return {
    tableRows: values['table-rows'].split(',').map((rows) => count('table-rows', rows)),
    changes: count('changes', values.changes),
    batch: count('batch', values.batch),
    warmUp: count('warm-up', isGiven('warm-up') ? values['warm-up'] : WARM_UP),
    rounds: count('rounds', values.rounds),
    peers: names.map((name) => {
      const found = UPSERT_PEERS.find((one) => one === name);
      if (found === undefined) throw new Error(`--peers ${name}: known are ${UPSERT_PEERS.join(', ')}`);
      return found;
    }),
    profileDirectory: values.profile ?? null,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} ${text}: a whole number above zero`);
  return value;
}
