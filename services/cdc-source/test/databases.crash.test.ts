import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertNoGaps, waitFor, type SpawnedService } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { DatabasesUnderTest } from './databases-under-test.ts';
import { printed, stateOf, type SourceUnderTest } from './source-under-test.ts';

const TABLES = { tables: ['public.accounts', 'public.log'] };
const BOTH = { north: TABLES, south: TABLES };
const KILLS = Number(process.env['HASIVU_TEST_KILLS'] ?? 3);

/** Updates and inserts of one database until it is stopped; `logged` rows are numbered from 0. */
class Writer {
  logged = 0;
  readonly #source: SourceUnderTest;
  #writing = true;
  #running: Promise<void> | null = null;

  constructor(source: SourceUnderTest) {
    this.#source = source;
  }

  async create(): Promise<this> {
    await this.#source.sql('CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)');
    await this.#source.sql('CREATE TABLE log (at bigint, who text)');
    await this.#source.sql('INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 2000) i');
    return this;
  }

  begin(): void {
    this.#running = (async () => {
      while (this.#writing) {
        const from = (this.logged * 7) % 2000;
        await this.#source.sql('UPDATE accounts SET balance = balance - 1 WHERE id BETWEEN $1 AND $1 + 50', [
          from,
        ]);
        await this.#source.sql('INSERT INTO log SELECT i FROM generate_series($1::int, $1::int + 99) i', [
          this.logged,
        ]);
        this.logged += 100;
        await sleep(5);
      }
    })();
  }

  async end(): Promise<void> {
    this.#writing = false;
    await this.#running;
  }

  /** What Kafka has is what the database did, each change once. */
  async provesExactlyOnce(): Promise<void> {
    const source = this.#source;
    await streamed(source);
    const log = (await source.events('public.log')).filter(({ op }) => op !== null && op !== 't');
    expect(log).toHaveLength(this.logged);
    assertNoGaps(
      log.map((event) => event.after?.['at'] as bigint).sort((a, b) => Number(a - b)),
      { from: 0, to: this.logged - 1 },
    );
    const rows = await source.sql<{ id: number; balance: string }>('SELECT id, balance::text FROM accounts');
    const state = stateOf(await source.events('public.accounts'));
    expect(new Map([...state].map(([key, row]) => [key, String(row['balance'])]))).toEqual(
      new Map(rows.map(({ id, balance }) => [printed({ id }), balance])),
    );
  }
}

/**
 * Waits until everything committed so far is visible in Kafka. A copy that goes on after a cut can bring the marker ahead
 * of older changes, which are streamed behind it: only one that is streamed comes after all of them.
 */
async function streamed(source: SourceUnderTest): Promise<void> {
  await waitFor(
    'a marker to be streamed',
    async () => {
      await source.settled();
      return (await source.events('public.settled')).some(({ op }) => op === 'c');
    },
    { timeoutMs: 120_000 },
  );
}

async function readiness(service: SpawnedService): Promise<{ status: number; reason: string }> {
  const answer = await fetch(`${service.url}/readyz`);
  return { status: answer.status, reason: ((await answer.json()) as { reason: string }).reason };
}

/** Ends every session that the capture has with a database. */
function endSessions(source: SourceUnderTest): Promise<unknown> {
  return source.sql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'hasivu-cdc-source%'`,
  );
}

test(`killed ${KILLS} times under load, two databases of one process go on, and each has every change once`, async () => {
  await using databases = await DatabasesUnderTest.create('north', 'south');
  const writers = await Promise.all(
    ['north', 'south'].map((name) => new Writer(databases.of(name)).create()),
  );
  for (const writer of writers) writer.begin();
  for (let kill = 0; kill < KILLS; kill++) {
    const service = await databases.launch(BOTH);
    // The first comes into the copies, the others into the streams.
    if (kill === 0) await sleep(1_200);
    else {
      await service.waitReady();
      await sleep(500 * kill);
    }
    await service.kill();
  }
  const last = await (await databases.launch(BOTH)).waitReady();
  for (const writer of writers) await writer.end();
  for (const writer of writers) await writer.provesExactlyOnce();
  expect(await last.stop()).toMatchObject({ code: 0 });
}, 240_000);

test('an outage of one database touches no other: it is waited for alone, and then goes on', async () => {
  await using databases = await DatabasesUnderTest.create('north', 'south', 'away');
  const writers = await Promise.all(
    ['north', 'south'].map((name) => new Writer(databases.of(name)).create()),
  );
  const nowhere = new URL(databases.of('away').database.url);
  nowhere.port = '1';
  const service = await databases.launch({ ...BOTH, away: { tables: [], url: nowhere.href } });
  for (const writer of writers) writer.begin();
  await databases.of('north').settled();
  for (let i = 0; i < 3; i++) {
    await endSessions(databases.of('south'));
    await databases.of('north').settled();
  }
  for (const writer of writers) await writer.end();
  for (const writer of writers) await writer.provesExactlyOnce();
  const { status, reason } = await readiness(service);
  expect([status, reason]).toEqual([503, expect.stringMatching(/^away: /)]);
  const northAgain = service.logs.filter(
    (line) => line['database'] === 'north' && String(line['msg']).includes('trying again'),
  );
  expect(northAgain).toEqual([]);
  expect(
    service.logs.some(({ database, code }) => database === 'away' && code === 'SOURCE_UNREACHABLE'),
  ).toBe(true);
  expect(await service.stop()).toMatchObject({ code: 0 });
}, 240_000);

test('a database whose slot is lost stops alone and is told, and the process ends with its error once the rest is drained', async () => {
  await using databases = await DatabasesUnderTest.create('north', 'south');
  const [north, south] = [databases.of('north'), databases.of('south')];
  const writer = await new Writer(north).create();
  await new Writer(south).create();
  const service = await (await databases.launch(BOTH)).waitReady();
  writer.begin();
  await south.settled();
  await waitFor('the slot to be dropped', async () => {
    await endSessions(south);
    await south.sql('SELECT pg_drop_replication_slot($1)', [south.slot]);
    return true;
  });
  await waitFor('the loss to be told', async () =>
    (await readiness(service)).reason.startsWith('south: stopped by SOURCE_SLOT_LOST'),
  );
  const before = writer.logged;
  await north.settled();
  await waitFor('the other to go on', () => writer.logged > before + 500);
  await writer.end();
  await writer.provesExactlyOnce();
  expect(await readiness(service)).toMatchObject({ status: 503 });
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  const metrics = await service.metrics();
  expect(metrics).toContain('hasivu_source_up{database="north"} 1');
  expect(metrics).toContain('hasivu_source_up{database="south"} 0');
  expect(metrics).toMatch(/hasivu_source_rows_total\{database="north",table="public.log",op="c"\} \d+/);
  expect(await service.stop()).toMatchObject({ code: 2 });
  expect(service.output.filter((line) => line.startsWith('error ')).join()).toContain('SOURCE_SLOT_LOST');
}, 240_000);

test('two databases with large transactions at once stay within the memory of one process', async () => {
  await using databases = await DatabasesUnderTest.create('north', 'south');
  const sources = [databases.of('north'), databases.of('south')];
  for (const source of sources) await source.sql('CREATE TABLE wide (id int PRIMARY KEY, note text)');
  const wide = { tables: ['public.wide'] };
  const service = await (await databases.launch({ north: wide, south: wide })).waitReady();
  await Promise.all(
    sources.map((source) =>
      source.sql("INSERT INTO wide SELECT i, repeat('n', 300) FROM generate_series(1, 100000) i"),
    ),
  );
  for (const source of sources) await source.settled();
  for (const source of sources) expect(await source.events('public.wide')).toHaveLength(100_000);
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'));
  expect(Number(peak?.[1]) / 1024).toBeLessThan(256);
}, 240_000);
