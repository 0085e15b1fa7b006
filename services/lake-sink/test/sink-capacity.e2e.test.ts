import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { measureUsage } from '@hasivu/lake-engine';
import { createS3Store } from '@hasivu/object-store';
import { waitFor, type SpawnedService } from '@hasivu/testing';
import { ChangeFeed, type Change } from './change-feed.ts';
import { expectVacuumed } from './leftovers.ts';
import { ListingGate } from './listing-gate.ts';
import { ORDERS } from './orders-table.ts';
import { SinkFixture } from './sink-fixture.ts';

const BRONZE = 'bronze/public/orders';
const SILVER = 'silver/public/orders';
const MAX_BYTES = 400_000;
const CAPACITY = { maxBytes: MAX_BYTES, listEveryMs: 1_000, recheckEveryMs: 300 };

/** Rounds of changes of the same 500 rows: silver is rewritten each time, and what it was stays for a vacuum. */
class Load {
  readonly #feed: ChangeFeed;
  readonly #last = new Map<number, number>();
  sent = 0;
  #n = 0;

  constructor(feed: ChangeFeed) {
    this.#feed = feed;
  }

  async round(): Promise<void> {
    const changes: Change[] = [];
    this.#n += 1;
    for (let id = 0; id < 500; id += 1) {
      changes.push({ op: this.#last.has(id) ? 'u' : 'c', row: { id, n: this.#n } });
      this.#last.set(id, this.#n);
    }
    this.sent += changes.length;
    await this.#feed.send(...changes);
  }

  /** Bronze has every change once, silver the last of each key. */
  async expectWhole(sink: SinkFixture): Promise<void> {
    const wanted = show([...this.#last].map(([id, n]) => ({ id, n })));
    await sink.until(SILVER, 'the last change per key', ({ rows }) => show(rows) === wanted);
    const { rows } = await sink.until(BRONZE, 'every change', (found) => found.rows.length >= this.sent);
    const places = rows.map((row) => `${String(row['_partition'])}/${String(row['_offset'])}`);
    expect([places.length, new Set(places).size]).toEqual([this.sent, this.sent]);
  }
}

function show(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows
    .map((row) => `${String(row['id'])}=${String(row['n'])}`)
    .sort()
    .join();
}

async function readiness({
  url,
}: SpawnedService): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

async function storedBytes(sink: SinkFixture): Promise<number> {
  const store = createS3Store(sink.lake);
  try {
    return (await measureUsage(store)).total.bytes;
  } finally {
    store.close();
  }
}

async function gauge(service: SpawnedService, name: string): Promise<number> {
  const line = (await service.metrics()).split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

const withCode = (service: SpawnedService, code: string) =>
  service.logs.filter((line) => line['code'] === code);

async function untilRefused(sink: SinkFixture, load: Load, code: string): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    await load.round();
    await sleep(250);
    const { status, text } = await readiness(sink.service);
    if (status === 503 && text.includes(code)) return;
    if (!sink.service.running) throw new Error(sink.service.output.slice(-5).join('\n'));
  }
  throw new Error('the lake never came to its capacity');
}

test('a sink writes up to the capacity and then waits: nothing is lost or repeated through a kill, and it goes on by itself once a vacuum has made room', async () => {
  await using sink = await SinkFixture.create('capacity', {
    capacity: CAPACITY,
    deletionVectors: { enabled: false },
  });
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 3 });
  const load = new Load(feed);
  await load.round();
  const first = await sink.start();
  await untilRefused(sink, load, 'LAKE_CAPACITY_EXCEEDED');
  expect((await readiness(first)).text).toMatch(new RegExp(`\\d+ bytes of ${MAX_BYTES}.*too many`, 'u'));
  // What was refused stays refused: however much waits, nothing more is put.
  const atRefusal = await storedBytes(sink);
  for (let n = 0; n < 5; n += 1) await load.round();
  await sleep(3_000);
  expect(await storedBytes(sink)).toBe(atRefusal);
  expect(await gauge(first, 'hasivu_sink_refused')).toBe(1);
  expect(await gauge(first, 'hasivu_lake_used_bytes')).toBe(atRefusal);
  expect(await gauge(first, 'hasivu_lake_capacity_bytes')).toBe(MAX_BYTES);
  expect(withCode(first, 'LAKE_CAPACITY_EXCEEDED')).toHaveLength(1);
  // A flush that was let in writes its silver, too: a batch, its rewritten files and its commits at most.
  expect(atRefusal).toBeLessThan(MAX_BYTES + 50_000);
  expect(first.running).toBe(true);

  expect((await first.kill()).signal).toBe('SIGKILL');
  // Not waited for: it is not ready before there is room.
  const second = await sink.start('log-committed:1000000');
  await waitFor('the refusal of the next life', async () =>
    (await readiness(second)).text.includes('LAKE_CAPACITY'),
  );
  await load.round();
  await sleep(1_500);
  // The probe of the start was taken away again.
  expect(await storedBytes(sink)).toBe(atRefusal);
  expect(second.running).toBe(true);

  // It would go on before the table was read again.
  second.signal('SIGSTOP');
  await expectVacuumed(sink.lake, SILVER);
  expect(await storedBytes(sink)).toBeLessThan(atRefusal);
  second.signal('SIGCONT');
  await second.waitReady();
  await load.expectWhole(sink);
  expect(second.logs.some((line) => String(line['msg']).startsWith('there is room again'))).toBe(true);
  expect(await gauge(second, 'hasivu_sink_refused')).toBe(0);
  expect((await second.stop()).code).toBe(0);
}, 240_000);

test('a sink that waits for room ends at once when it is stopped, and one with a larger capacity goes on where it was', async () => {
  const more = { deletionVectors: { enabled: false } };
  await using sink = await SinkFixture.create('raised', { capacity: CAPACITY, ...more });
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 2 });
  const load = new Load(feed);
  await load.round();
  await sink.start();
  await untilRefused(sink, load, 'LAKE_CAPACITY_EXCEEDED');
  expect((await sink.service.stop()).code).toBe(0);
  await sink.configure({ capacity: { ...CAPACITY, maxBytes: 10 * MAX_BYTES }, ...more });
  await sink.start();
  await load.expectWhole(sink);
  // Whatever the process has counted, a listing says what is there.
  await waitFor('the usage to be true to the listing', async () => {
    const used = await gauge(sink.service, 'hasivu_lake_used_bytes');
    return used === (await storedBytes(sink));
  });
}, 240_000);

test('where the lake cannot be listed at the start nothing is written; later it is written for three intervals, then not until it can be listed', async () => {
  await using sink = await SinkFixture.create('unlisted');
  await using gate = await ListingGate.open(sink.lake);
  await sink.configure({ capacity: { ...CAPACITY, maxBytes: 100 * MAX_BYTES }, endpoint: gate.endpoint });
  await using feed = await ChangeFeed.open(sink.kafka, ORDERS, { partitions: 2 });
  const load = new Load(feed);
  await load.round();
  gate.denies = true;
  const refused = await sink.start('log-committed:1000000');
  expect((await refused.exited).code).toBe(2);
  expect(refused.output.join('\n')).toContain('STORE_DENIED while listing');
  expect(await storedBytes(sink)).toBe(0);

  gate.denies = false;
  const running = await sink.start();
  await load.expectWhole(sink);
  gate.denies = true;
  const deniedBefore = gate.denied;
  await waitFor('a listing to be denied', () => gate.denied > deniedBefore);
  expect((await readiness(running)).status).toBe(200);
  await untilRefused(sink, load, 'LAKE_CAPACITY_UNKNOWN');
  const stored = await storedBytes(sink);
  await load.round();
  await sleep(1_500);
  expect(await storedBytes(sink)).toBe(stored);
  expect(withCode(running, 'LAKE_CAPACITY_UNKNOWN')).toHaveLength(1);
  gate.denies = false;
  await running.waitReady();
  await load.expectWhole(sink);
  expect((await running.stop()).code).toBe(0);
}, 240_000);
