import { setTimeout as sleep } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import { SeededRandom, uniqueName, waitFor, type SpawnedService } from '@hasivu/testing';
import { ChangeFeed } from './change-feed.ts';
import { ORDERS } from './orders-table.ts';
import { readDelta } from './read-delta.ts';
import { SinkFixture } from './sink-fixture.ts';

jest.setTimeout(600_000);

const TABLES = 9;
const ROWS = 20;
/** The least that Kafka takes unless it is told otherwise. */
const SESSION_MS = 6_000;

async function tablesOf(service: SpawnedService): Promise<number> {
  return Number(/^hasivu_sink_tables (\d+)$/m.exec(await service.metrics())?.[1] ?? NaN);
}

/** Every table is written by one of them, and each of them writes some. */
async function divided(sinks: readonly SpawnedService[]): Promise<void> {
  await waitFor(
    'the tables to be divided',
    async () => {
      const shares = await Promise.all(sinks.map(tablesOf));
      return shares.every((share) => share > 0) && shares.reduce((sum, share) => sum + share) === TABLES;
    },
    { timeoutMs: 90_000 },
  );
}

test('sinks of a group write each change once, whichever of them joins, stops, is killed, or sleeps through its own death', async () => {
  const random = new SeededRandom(20_261_126);
  const group = {
    name: uniqueName('sinks'),
    sessionTimeoutMs: SESSION_MS,
    balanceEveryMs: 2_000,
  };
  await using fixture = await SinkFixture.create('group', { group });
  await using feeds = new AsyncDisposableStack();
  const tables: ChangeFeed[] = [];
  for (let n = 0; n < TABLES; n += 1)
    tables.push(
      feeds.use(await ChangeFeed.open(fixture.kafka, { ...ORDERS, table: `t${n}` }, { partitions: 2 })),
    );
  await using services = new AsyncDisposableStack();
  const spawn = async (): Promise<SpawnedService> => {
    const service = services.use(await fixture.spawn());
    await service.waitReady();
    return service;
  };

  // One row at a time: what a flush has is of one partition only, and shares no sequence with that of the other.
  let rounds = 0;
  const last = new Map<number, number>();
  const round = async (): Promise<void> => {
    rounds += 1;
    const id = random.between(0, ROWS);
    const op = last.has(id) ? 'u' : 'c';
    last.set(id, rounds);
    for (const feed of tables) await feed.send({ op, row: { id, n: rounds } });
  };
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      await round();
      await sleep(50);
    }
  })();

  const sinks = await Promise.all([spawn(), spawn(), spawn()]);
  await divided(sinks);
  const others: SpawnedService[] = [];
  for (const way of ['stopped', 'asleep', 'killed', 'asleep', 'stopped', 'killed'] as const) {
    const victim = random.between(0, sinks.length - 1);
    const service = sinks[victim] as SpawnedService;
    if (way === 'asleep') {
      process.kill(service.pid, 'SIGSTOP');
      await sleep(SESSION_MS * 1.5);
      process.kill(service.pid, 'SIGCONT');
    } else {
      const { code } = way === 'killed' ? await service.kill() : await service.stop();
      if (way === 'stopped') expect(code).toBe(0);
      sinks[victim] = await spawn();
    }
    await divided(sinks);
    others.push(service);
  }
  isOver = true;
  await load;
  await round();

  for (let n = 0; n < TABLES; n += 1) {
    await waitFor(
      `silver of table ${n}`,
      async () => {
        const silver = await readDelta(fixture.lake, `silver/public/t${n}`);
        return (
          silver?.rows.length === last.size &&
          silver.rows.every((row) => Number(row['n']) === last.get(Number(row['id'])))
        );
      },
      { timeoutMs: 60_000 },
    );
    const bronze = await fixture.read(`bronze/public/t${n}`);
    const places = new Set(bronze.rows.map((row) => `${String(row['_lsn'])}/${String(row['_seq'])}`));
    expect([n, bronze.rows.length, places.size]).toEqual([n, rounds, rounds]);
  }
  for (const sink of sinks) expect((await sink.stop()).code).toBe(0);
  const told = others.flatMap((service) => service.logs).map((line) => line['msg']);
  expect(told.some((line) => String(line).startsWith('the group took this sink for dead'))).toBe(true);
});
