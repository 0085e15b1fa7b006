import { waitFor, type TestDatabase } from '@hasivu/testing';

import {
  byPosition,
  printed,
  SourceUnderTest,
  stateOf,
} from '../../services/cdc-source/test/source-under-test.ts';
import { OwnPostgres } from './own-postgres.ts';

const STANDBY_SLOT = 'standby';

/** A primary, a standby that keeps its slots, and a load that follows whoever is the primary. */
export class PromotionScenario implements AsyncDisposable {
  readonly primary: OwnPostgres;
  readonly standby: OwnPostgres;
  readonly source: SourceUnderTest;
  readonly #now: { server: OwnPostgres };
  #writing: Promise<void> | null = null;
  #stopWriting = false;
  /** Highest `log.id` that a server said was committed. */
  #written = 0;

  private constructor(
    primary: OwnPostgres,
    standby: OwnPostgres,
    source: SourceUnderTest,
    now: { server: OwnPostgres },
  ) {
    this.primary = primary;
    this.standby = standby;
    this.source = source;
    this.#now = now;
  }

  static async create(): Promise<PromotionScenario> {
    const logical = { wal_level: 'logical', hot_standby_feedback: 'on' };
    const primary = await OwnPostgres.start(logical);
    await primary.query('SELECT pg_create_physical_replication_slot($1, true)', [STANDBY_SLOT]);
    const standby = await OwnPostgres.standbyOf(primary, STANDBY_SLOT, {
      ...logical,
      sync_replication_slots: 'on',
    });
    const now = { server: primary };
    const database: TestDatabase = {
      name: 'postgres',
      url: primary.url,
      query: (sql, values) => now.server.query(sql, values),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const source = await SourceUnderTest.on(database, 'promotion');
    await source.sql('CREATE TABLE accounts (id int PRIMARY KEY, balance int, note text)');
    await source.sql('CREATE TABLE log (id bigint PRIMARY KEY, who text)');
    await source.sql('CREATE TABLE aside (id int)');
    await source.sql("INSERT INTO accounts SELECT i, 100, repeat('n', 100) FROM generate_series(1, 500) i");
    return new PromotionScenario(primary, standby, source, now);
  }

  /** Of both servers, for the source. */
  get url(): string {
    const hosts = `127.0.0.1:${this.primary.port},127.0.0.1:${this.standby.port}`;
    return `postgres://hasivu@${hosts}/postgres`;
  }

  async start(more = ''): Promise<Awaited<ReturnType<SourceUnderTest['launch']>>> {
    return await this.source.launch({
      tables: ['public.accounts', 'public.log'],
      url: this.url,
      postgres: `failover: true${more}`,
    });
  }

  /** From now on nothing is sent to a reader of the slot that the standby does not have. */
  async holdBackForStandby(): Promise<void> {
    await this.primary.query(`ALTER SYSTEM SET synchronized_standby_slots = '${STANDBY_SLOT}'`);
    await this.primary.query('SELECT pg_reload_conf()');
  }

  /** Waits until the standby would go on with the slot itself. */
  async slotIsSynchronised(): Promise<void> {
    await waitFor(
      'the slot to be kept by the standby',
      async () => {
        // A new slot is kept only once the log that the primary still needs for it is on the standby.
        await this.primary.query('SELECT pg_log_standby_snapshot()');
        const [slot] = await this.standby.query<{ kept: boolean }>(
          'SELECT synced AND NOT temporary AS kept FROM pg_replication_slots WHERE slot_name = $1',
          [this.source.slot],
        );
        return slot?.kept === true;
      },
      { timeoutMs: 90_000 },
    );
  }

  startWriting(): void {
    this.#stopWriting = false;
    this.#writing = this.#write();
  }

  async stopWriting(): Promise<void> {
    this.#stopWriting = true;
    await this.#writing;
  }

  /** Waits until the load has committed `rows` more. */
  async wrote(rows: number): Promise<void> {
    const until = this.#written + rows;
    await waitFor('the load to go on', () => Promise.resolve(this.#written >= until), { timeoutMs: 60_000 });
  }

  /** The primary is gone without a word. */
  async crash(): Promise<void> {
    await this.primary.stop('SIGQUIT');
  }

  async promote(): Promise<void> {
    await this.standby.query('SELECT pg_promote(true, 60)');
    this.#now.server = this.standby;
    // Markers that the old primary took to its grave are in Kafka: the next ones must not be taken for them.
    await this.source.sql('INSERT INTO settled SELECT coalesce(max(id), 0) + 1000 FROM settled');
  }

  /** What a reader of committed records holds is what the server of now holds; positions are unique (`events` sees to it). */
  async readersHoldTheServersState(): Promise<void> {
    for (const table of ['public.accounts', 'public.log']) {
      const rows = await this.source.sql<Record<string, unknown>>(`SELECT * FROM ${table}`);
      const held = stateOf(await this.source.events(table));
      const expected = new Map(rows.map((row) => [printed({ id: row['id'] }), row]));
      const differing = [...new Set([...expected.keys(), ...held.keys()])].filter((key) => {
        const [is, shown] = [expected.get(key), held.get(key)];
        return !is || !shown || Object.keys(is).some((name) => String(is[name]) !== String(shown[name]));
      });
      if (differing.length > 0)
        throw new Error(
          `${table}: ${differing.length} rows differ, for example ${differing.slice(0, 5).join()}`,
        );
    }
  }

  /** Every row that was only inserted has one event, and numbers within a source transaction leave nothing out. */
  async nothingIsMissing(): Promise<void> {
    const rows = await this.source.sql<{ id: string }>('SELECT id FROM log ORDER BY id');
    const log = await this.source.events('public.log');
    const ids = log.filter(({ op }) => op === 'c' || op === 'r').map(({ after }) => String(after?.['id']));
    const seen = new Set(ids);
    const missing = rows.filter(({ id }) => !seen.has(id));
    if (missing.length > 0 || seen.size !== ids.length)
      throw new Error(`${missing.length} rows without an event, ${ids.length - seen.size} with two`);
    const streamed = [...log, ...(await this.source.events('public.accounts'))]
      .filter(({ op, snapshot }) => op !== null && snapshot === 'false')
      .sort(byPosition);
    for (const events of Map.groupBy(streamed, ({ commitLsn }) => commitLsn).values())
      events.forEach(({ seq }, i) => {
        if (seq !== i) throw new Error(`number ${seq} in the place of ${i} in a transaction`);
      });
  }

  async #write(): Promise<void> {
    let id = this.#written;
    while (!this.#stopWriting) {
      const first = id + 1;
      id += 20;
      try {
        await this.#now.server.query(
          `WITH changed AS (UPDATE accounts SET balance = balance - 1 WHERE id % 50 = ${id % 50})
           INSERT INTO log SELECT i, 'load' FROM generate_series(${first}, ${id}) i`,
        );
        if (id % 200 === 0) {
          await this.#now.server.query(`DELETE FROM accounts WHERE id = ${1 + ((id / 200) % 100)}`);
          await this.#now.server.query('INSERT INTO aside VALUES (1)');
        }
        this.#written = id;
      } catch {
        // Nobody answers, or only a standby: whether the last one was committed is not known.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopWriting();
    await this.source[Symbol.asyncDispose]();
    await this.standby[Symbol.asyncDispose]();
    await this.primary[Symbol.asyncDispose]();
  }
}
