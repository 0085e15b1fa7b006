import { randomUUID } from 'node:crypto';
import { DeltaTable, field, statisticsJson, type AddFile, type ColumnStatistics } from '@hasivu/delta';
import type { ObjectStore } from '@hasivu/object-store';

export interface LogSize {
  readonly commits: number;
  readonly files: number;
}

export interface BuiltLog {
  readonly cpuSeconds: number;
  readonly checkpoints: number;
  /** Of the newest checkpoint. */
  readonly checkpointBytes: number;
}

const DAY_MS = 86_400_000;
const ROWS_PER_FILE = 2_000;
const PROGRESS_COMMITS = 1_000;
/** Twelve columns of an orders table, so that a file has the statistics it has in real life: some 900 bytes of them. */
const FIELDS = [
  field('id', 'long'),
  field('customer_id', 'long'),
  field('status', 'string'),
  field('amount', 'decimal(12,2)'),
  field('quantity', 'integer'),
  field('price', 'double'),
  field('note', 'string'),
  field('email', 'string'),
  field('is_paid', 'boolean'),
  field('day', 'date'),
  field('created_at', 'timestamp'),
  field('updated_at', 'timestamp'),
];

/**
 * A log of many commits that each add some files with statistics, partitioned by day, as a sink makes it: through
 * DeltaTable.commit, with the checkpoints that it writes by itself. The data files are not there; nobody reads them.
 */
export async function buildLog(
  store: ObjectStore,
  root: string,
  { commits, files }: LogSize,
  report: (line: string) => void,
): Promise<BuiltLog> {
  const started = process.cpuUsage();
  const table = await DeltaTable.create(
    root,
    { schema: { type: 'struct', fields: FIELDS }, partitionColumns: ['day'] },
    { store, nowMs: Date.now, newId: randomUUID },
  );
  let made = 0;
  for (let commit = 1; commit <= commits; commit += 1) {
    const wanted = Math.floor((files * commit) / commits);
    const actions = [];
    for (; made < wanted; made += 1) actions.push({ add: fileOf(made) });
    await table.commit({
      actions: [...actions, { txn: { appId: 'bench', version: commit } }],
      operation: 'WRITE',
    });
    if (commit % PROGRESS_COMMITS === 0) report(`${commit} of ${commits} commits written`);
  }
  const used = process.cpuUsage(started);
  const checkpoints: number[] = [];
  for await (const { key, sizeBytes } of store.list(`${root}/_delta_log/`))
    if (key.endsWith('.checkpoint.parquet')) checkpoints.push(sizeBytes);
  return {
    cpuSeconds: (used.user + used.system) / 1e6,
    checkpoints: checkpoints.length,
    checkpointBytes: checkpoints.at(-1) ?? 0,
  };
}

/** Commits that come after the newest checkpoint, one file each: what a reader has to read besides it. */
export async function extendLog(
  store: ObjectStore,
  root: string,
  files: number,
  commits: number,
): Promise<void> {
  const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: randomUUID });
  for (let n = 0; n < commits; n += 1)
    await table?.commit({ actions: [{ add: fileOf(files + n) }], operation: 'WRITE' });
}

function fileOf(n: number): AddFile {
  const first = n * ROWS_PER_FILE;
  const last = first + ROWS_PER_FILE - 1;
  const at = new Date(1_767_225_600_000 + n * 60_000);
  const day = new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
  const texts = ['open', 'paid', 'shipped'];
  const columns: Record<string, ColumnStatistics> = {
    id: bounds(String(first), String(last)),
    customer_id: bounds(String((n * 7_919) % 50_000), String(50_000 + ((n * 104_729) % 50_000))),
    status: bounds(texts[0] as string, texts[n % 3] as string),
    amount: bounds(`${n % 100}.01`, `${9_000 + (n % 997)}.99`),
    quantity: bounds('1', String(50 + (n % 50))),
    price: bounds(String(0.5 + (n % 10)), String(999.25 + (n % 100))),
    note: bounds(`a note of order ${first} that is long`, `your order ${last} has been taken by`),
    email: bounds(`anna.${n}@example.com`, `zoe.${n * 31}@example.org`),
    is_paid: { nullCount: n % 5 },
    created_at: bounds(at.toISOString(), new Date(at.getTime() + 59_000).toISOString()),
    updated_at: {
      ...bounds(at.toISOString(), new Date(at.getTime() + 590_000).toISOString()),
      nullCount: n % 17,
    },
  };
  const stats = { numRecords: ROWS_PER_FILE, columns: new Map(Object.entries(columns)) };
  return {
    path: `day=${day}/part-${randomUUID()}.zstd.parquet`,
    partitionValues: { day },
    size: 90_000 + (n % 10_000),
    modificationTime: at.getTime(),
    dataChange: true,
    stats: statisticsJson(FIELDS, stats),
  };
}

function bounds(min: string, max: string): ColumnStatistics {
  return { min, max, nullCount: 0 };
}
