import { setTimeout as sleep } from 'node:timers/promises';

import { SeededRandom, servers, type SpawnedService, waitFor } from '@hasivu/testing';
import { expect } from '@jest/globals';

import { SourceUnderTest, type SeenEvent } from '../source-under-test.ts';
import { COPYING, describeKill, LARGE, planKills, REREADING, type Kill } from './kill-plan.ts';
import { StormLoad } from './storm-load.ts';
import { assertOrdered, copiedTo, replay, rowsOf, streamedBehind } from './storm-oracle.ts';
import { addTable, BASE_TABLES, createTables } from './storm-tables.ts';

const HIT_WITHIN_MS = 120_000;
const HUGE_EVERY_MS = 3_000;
const SNAPSHOT_EVERY_MS = 4_000;
const SETTLED_WITHIN_MS = 600_000;

/** The source under a storm of kills: what dies, when, and what it is started with again. */
class Storm {
  readonly #source: SourceUnderTest;
  readonly #load: StormLoad;
  readonly tables = [...BASE_TABLES];
  #service: SpawnedService | null = null;

  constructor(source: SourceUnderTest, load: StormLoad) {
    this.#source = source;
    this.#load = load;
  }

  async strike(kill: Kill): Promise<void> {
    switch (kill.kind) {
      case 'moment':
        await this.#alive();
        await this.#askForSnapshot();
        await sleep(kill.afterMs);
        return await this.#end();
      case 'server':
        return await this.#strikeServer(kill);
      case 'failpoint':
        return await this.#strikeAt(kill);
    }
  }

  /** The last life: it lives until the source is disposed. */
  async calm(): Promise<void> {
    await (await this.#alive()).waitReady(HIT_WITHIN_MS);
  }

  lastWords(): string {
    return (this.#service?.output ?? []).slice(-20).join('\n');
  }

  async #strikeServer(kill: Kill & { kind: 'server' }): Promise<void> {
    await (await this.#alive()).waitReady(HIT_WITHIN_MS);
    await sleep(kill.afterMs);
    await servers.kill(kill.part);
    if (kill.withSource) await this.#end();
    await servers.start(kill.part);
  }

  async #strikeAt(kill: Kill & { kind: 'failpoint' }): Promise<void> {
    if (this.#service?.running) await this.#end();
    if (COPYING.includes(kill.name)) {
      const name = `extra_${this.tables.length}`;
      await addTable(this.#source, name);
      this.tables.push(`public.${name}`);
    }
    const failpoint = `${kill.name}:${kill.hits}`;
    const service = await this.#launch({ HASIVU_FAILPOINT: failpoint, HASIVU_TEST_FAILPOINTS: '1' });
    if (kill.name === 'stream-ended') {
      await service.waitReady(HIT_WITHIN_MS);
      service.signal('SIGTERM');
    }
    // One transaction of that size may come before the source listens to the log; many only make work.
    const huge = setInterval(() => {
      if (LARGE.includes(kill.name)) this.#load.wantHuge();
    }, HUGE_EVERY_MS);
    const snapshots = setInterval(() => {
      if (REREADING.includes(kill.name)) void this.#askForSnapshot();
    }, SNAPSHOT_EVERY_MS);
    await waitFor(`the source to reach ${failpoint}`, () => !service.running, {
      timeoutMs: HIT_WITHIN_MS,
    }).finally(() => {
      clearInterval(huge);
      clearInterval(snapshots);
    });
    const { signal } = await service.exited;
    if (signal !== 'SIGKILL') throw new Error(`the source ended by itself:\n${this.lastWords()}`);
    this.#service = null;
  }

  /** Has tables read again beside the stream; a server that is away hears nothing of it. */
  async #askForSnapshot(): Promise<void> {
    const signal = { type: 'execute-snapshot', data: { 'data-collections': ['public.*'] } };
    const emit = "SELECT pg_logical_emit_message(false, 'hasivu.signal', $1)";
    await this.#source.sql(emit, [JSON.stringify(signal)]).catch(() => undefined);
  }

  /** The service that runs, or a new life of it. One that ended by itself is a failure of the whole storm. */
  async #alive(): Promise<SpawnedService> {
    if (this.#service?.running === false) throw new Error(`the source ended by itself:\n${this.lastWords()}`);
    return this.#service ?? (await this.#launch({}));
  }

  async #launch(env: Readonly<Record<string, string>>): Promise<SpawnedService> {
    this.#service = await this.#source.launch({ tables: this.tables, env });
    return this.#service;
  }

  async #end(): Promise<void> {
    const service = await this.#alive();
    await service.kill();
    this.#service = null;
  }
}

export interface StormOptions {
  readonly kills: number;
  readonly seed: number;
}

/**
 * Kills the source, the broker and Postgres under load, and then compares: with Postgres, row by row, and with a second
 * source that read the same log through a slot of its own without any kill, position by position.
 */
export async function weatherStorm({ kills, seed }: StormOptions): Promise<void> {
  const random = new SeededRandom(seed);
  await using source = await SourceUnderTest.create('storm');
  await createTables(source);
  await using control = await SourceUnderTest.create('calm', source);
  await (await control.start({ tables: BASE_TABLES })).stop();
  const load = new StormLoad(source.database.url, new SeededRandom(seed + 1));
  const storm = new Storm(source, load);
  load.start();
  try {
    const plan = planKills(kills, random);
    for (const [i, kill] of plan.entries()) {
      process.stderr.write(`storm ${seed}: ${i + 1}/${plan.length} ${describeKill(kill)}\n`);
      await storm.strike(kill);
    }
  } finally {
    await load.stop();
  }
  await storm.calm();
  // Renamed and added columns make no events by themselves: every row is written once more in its last shape.
  await source.sql('UPDATE evolving SET touched = touched + 1');
  await source.settled(SETTLED_WITHIN_MS).catch((cause: unknown) => {
    throw new Error(`the last life did not settle:\n${storm.lastWords()}`, { cause });
  });
  await control.start({ tables: storm.tables });
  await control.settled(SETTLED_WITHIN_MS);

  let compared = 0;
  const seen = new Map<string, SeenEvent[]>();
  for (const table of storm.tables) seen.set(table, await source.events(table));
  // Nothing is streamed before all is copied; a table that was empty then has no copied row that tells.
  const streamedFrom = BASE_TABLES.reduce((last, table) => {
    const lsn = copiedTo(seen.get(table) ?? []);
    return lsn > last ? lsn : last;
  }, 0n);
  for (const [table, events] of seen) {
    assertOrdered(events);
    if (BASE_TABLES.includes(table)) {
      const calm = streamedBehind(await control.events(table), streamedFrom);
      compared += assertSamePositions(table, streamedBehind(events, streamedFrom), calm);
    }
    const { columns, rows } = await rowsOf(source, table);
    assertSameRows(table, replay(events, columns), rows);
  }
  process.stderr.write(`storm ${seed}: ${load.committed} writes, ${compared} positions compared\n`);
  expect(compared).toBeGreaterThan(kills);
}

function assertSamePositions(table: string, seen: readonly string[], expected: readonly string[]): number {
  const at = expected.findIndex((position, i) => position !== seen[i]);
  const found = {
    table,
    expected: expected.length,
    seen: seen.length,
    first: expected[at],
    instead: seen[at],
  };
  expect(found).toEqual({ ...found, seen: expected.length, instead: expected[at] });
  return seen.length;
}

function assertSameRows(table: string, replayed: string[], rows: string[]): void {
  const missing = rows.filter((row, i) => row !== replayed[i]).slice(0, 3);
  expect({ table, rows: replayed.length, missing }).toEqual({ table, rows: rows.length, missing: [] });
}
