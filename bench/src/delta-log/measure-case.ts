import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DeltaTable, type DeltaSurroundings } from '@hasivu/delta';
import { createS3Store, type S3StoreOptions } from '@hasivu/object-store';

/** What one case cost, as its own process tells it. */
export interface CaseUse {
  /** User and system time of the work alone, all threads. */
  readonly cpuSeconds: number;
  readonly milliseconds: number;
  /** The longest that timers and heartbeats of the process had to wait meanwhile. */
  readonly longestStallMs: number;
  /** Of the whole process, its start included. */
  readonly processCpuSeconds: number;
  readonly peakRssMiB: number;
  readonly version: number;
  readonly files: number;
}

export interface CaseInput {
  readonly store: S3StoreOptions;
  readonly root: string;
  readonly name: CaseName;
}

/** Commits that a reader of the case `refresh` is behind. */
const BEHIND = 50;

export const BEHIND_CHECKPOINT = 'load, 99 commits after the checkpoint';

const PREPARE = {
  /** The newest state, by a process that knows nothing. */
  load: async (root: string, around: DeltaSurroundings) => () => opened(root, around),
  /** The same with as many commits after the checkpoint as there ever are. */
  [BEHIND_CHECKPOINT]: async (root: string, around: DeltaSurroundings) => () => opened(root, around),
  /** The same by somebody who has it: nobody committed. */
  'refresh, nothing new': async (root: string, around: DeltaSurroundings) => {
    const table = await opened(root, around);
    return async () => (await table.refresh(), table);
  },
  /** The same, some commits behind. */
  'refresh, 50 commits': async (root: string, around: DeltaSurroundings) => {
    const table = await opened(root, around);
    const writer = await opened(root, around);
    for (let n = 0; n < BEHIND; n += 1)
      await writer.commit({ actions: [{ txn: { appId: 'other', version: n } }], operation: 'WRITE' });
    return async () => (await table.refresh(), table);
  },
  'as of half the versions': async (root: string, around: DeltaSurroundings) => {
    const { state } = await opened(root, around);
    return () => openedAt(root, { version: Math.floor(state.version / 2) }, around);
  },
  'as of a time': async (root: string, around: DeltaSurroundings) => {
    const table = await opened(root, around);
    const entry = (await table.history(100)).at(-1);
    return () => openedAt(root, { timestampMs: entry?.timestampMs ?? 0 }, around);
  },
  'history of 100': async (root: string, around: DeltaSurroundings) => {
    const table = await opened(root, around);
    return async () => (await table.history(100), table);
  },
  checkpoint: async (root: string, around: DeltaSurroundings) => {
    const table = await opened(root, around);
    return async () => (await table.checkpoint(), table);
  },
} as const satisfies Record<string, Prepare>;

type Prepare = (
  root: string,
  around: DeltaSurroundings,
) => Promise<() => Promise<{ readonly state: DeltaTable['state'] }>>;

export type CaseName = keyof typeof PREPARE;
export const CASES = Object.keys(PREPARE) as CaseName[];

/** Runs one case and tells what its work cost. */
export async function measureCase({ store: options, root, name }: CaseInput): Promise<CaseUse> {
  const store = createS3Store(options);
  const around = { store, nowMs: Date.now, newId: randomUUID };
  const work = await PREPARE[name](root, around);
  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const { state } = await work();
  const used = process.cpuUsage(before);
  const milliseconds = Math.round(performance.now() - startedMs);
  stalls.disable();
  store.close();
  const whole = process.resourceUsage();
  return {
    cpuSeconds: (used.user + used.system) / 1e6,
    milliseconds,
    longestStallMs: Math.round(stalls.max / 1e6),
    processCpuSeconds: (whole.userCPUTime + whole.systemCPUTime) / 1e6,
    peakRssMiB: Math.round(whole.maxRSS / 1024),
    version: state.version,
    files: state.files.size,
  };
}

async function opened(root: string, around: DeltaSurroundings): Promise<DeltaTable> {
  const table = await DeltaTable.open(root, around);
  if (table === null) throw new Error('the log that was built is not there');
  return table;
}

async function openedAt(
  root: string,
  moment: Parameters<typeof DeltaTable.openAt>[1],
  around: DeltaSurroundings,
) {
  const table = await DeltaTable.openAt(root, moment, around);
  if (table === null) throw new Error('the log that was built is not there');
  return table;
}

if (process.argv[1] === import.meta.filename) {
  const input = JSON.parse(process.env['DELTA_LOG_CASE'] ?? '') as CaseInput;
  process.stdout.write(JSON.stringify(await measureCase(input)));
  process.exit(0);
}
