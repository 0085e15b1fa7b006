import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom, type BucketPrefix } from '@hasivu/testing';
import type { StormMember } from './storm-child.ts';
import { StormProcess } from './storm-process.ts';
import type { WriterRole } from './storm-writer.ts';

/** Twenty writers; the twins share one application. */
const ROLES: readonly WriterRole[] = [
  ...Array.from({ length: 7 }, () => 'append' as const),
  ...Array.from({ length: 6 }, () => 'mark' as const),
  ...Array.from({ length: 5 }, () => 'rewrite' as const),
  'twin',
  'twin',
];
const PAUSE_MS = { append: 400, mark: 200, rewrite: 300, twin: 300, compact: 300, vacuum: 15_000 } as const;

export interface StormOptions {
  readonly facts: BucketPrefix;
  readonly seed: number;
  /** At least this long, from when every process has opened the table. */
  readonly durationMs: number;
  /** How many processes the writers are spread over: as many as there are writers where the machine bears it. */
  readonly processes: number;
  /** Between two kills with SIGKILL, in milliseconds. */
  readonly killEveryMs: number;
  /** How long vacuum, which then runs all the time, keeps what was removed; null: no vacuum meanwhile. */
  readonly vacuumRetentionMs: number | null;
  /** Called about once a second while the storm goes on. @returns whether it may end once its time is over */
  readonly watch: (ledgers: StormLedgers) => Promise<boolean>;
}

export interface WriterLedger {
  readonly role: WriterRole;
  /** Names the rows; twins have one together. */
  readonly writer: number;
  readonly path: string;
}

export interface StormLedgers {
  readonly writers: readonly WriterLedger[];
  readonly compactor: string;
}

export interface StormRun extends StormLedgers, Disposable {
  readonly kills: number;
}

/** Lets twenty writers and a compactor work on the table until the time is over, killing a process now and then. */
export async function runStorm(options: StormOptions): Promise<StormRun> {
  const directory = mkdtempSync(join(tmpdir(), 'hasivu-storm-'));
  const random = new SeededRandom(options.seed);
  const writers = ROLES.map((role, index) => ({
    role,
    writer: role === 'twin' ? ROLES.indexOf('twin') : index,
    path: join(directory, `${index}.jsonl`),
  }));
  const ledgers = { writers, compactor: join(directory, 'compactor.jsonl') };
  const crews: (readonly Omit<StormMember, 'seed'>[])[] = Array.from(
    { length: options.processes },
    (_, process) =>
      writers
        .filter((_writer, index) => index % options.processes === process)
        .map((member) => ({ ...member, pauseMs: PAUSE_MS[member.role] })),
  );
  crews.push([{ role: 'compact', writer: -1, path: ledgers.compactor, pauseMs: PAUSE_MS.compact }]);
  const mortal = crews.length;
  if (options.vacuumRetentionMs !== null)
    crews.push([
      { role: 'vacuum', writer: -1, path: join(directory, 'vacuum.jsonl'), pauseMs: PAUSE_MS.vacuum },
    ]);
  const start = (crew: number): StormProcess => {
    const members = (crews[crew] as StormMember[]).map((member) => ({
      ...member,
      seed: random.between(0, 2 ** 31),
    }));
    const store = storeFacts(options.facts);
    const retentionMs = options.vacuumRetentionMs ?? 0;
    return new StormProcess({ store, members, retentionMs }, join(directory, 'compiled'));
  };
  const running = [...crews.keys()].map(start);
  let kills = 0;
  let over = false;
  const killNowAndThen = async (): Promise<void> => {
    for (await sleep(options.killEveryMs); !over; await sleep(options.killEveryMs)) {
      const victim = random.between(0, mortal - 1);
      await running[victim]?.kill();
      kills += 1;
      if (over) return;
      const next = start(victim);
      running[victim] = next;
      await next.ready;
      next.go();
    }
  };
  try {
    // Whoever is up first would slow down the start of the others.
    await Promise.all(running.map(({ ready }) => ready));
    for (const child of running) child.go();
    const startedMs = performance.now();
    const killing = killNowAndThen();
    for (let mayEnd = false; !mayEnd || performance.now() - startedMs < options.durationMs;) {
      mayEnd = await options.watch(ledgers);
      const dead = running.find(({ failure }) => failure !== null);
      if (dead !== undefined) throw new Error(dead.failure as string);
      await sleep(1_000);
    }
    over = true;
    await killing;
    await Promise.all(running.map((child) => child.stop()));
  } catch (error) {
    over = true;
    await Promise.all(running.map((child) => child.kill()));
    rmSync(directory, { recursive: true });
    throw error;
  }
  return { ...ledgers, kills, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

function storeFacts({ endpoint, bucket, prefix, region, accessKeyId, secretAccessKey }: BucketPrefix) {
  return { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
}
