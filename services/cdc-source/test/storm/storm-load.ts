import { setTimeout as sleep } from 'node:timers/promises';

import type { SeededRandom } from '@hasivu/testing';
import pg from 'pg';

type Write = (client: pg.Client, random: SeededRandom) => Promise<void>;

const LARGE_ROWS = 700;
/** More than the source keeps in memory of a transaction in progress (8 MiB), and than it sends at once (4 MiB). */
const HUGE_ROWS = 6000;
const HUGE_CHANCE = 1 / 500;
const HUGE_BODY = 'repeat(md5(i::text), 52)';

/** Rows of `accounts` somewhere in the middle, in key order, so that the same seed writes the same rows. */
const someAccounts = (random: SeededRandom, count: number): string =>
  `(SELECT id FROM accounts ORDER BY id OFFSET ${random.between(0, 400)} LIMIT ${count})`;

async function steps(client: pg.Client, ...statements: string[]): Promise<void> {
  for (const statement of statements) await client.query(statement);
}

const small: Write = (client, random) =>
  steps(
    client,
    'BEGIN',
    `UPDATE accounts SET balance = balance - 1.25 WHERE id IN ${someAccounts(random, 5)}`,
    `INSERT INTO log SELECT nextval('ids'), 'small' FROM generate_series(1, ${random.between(1, 5)})`,
    `INSERT INTO noise VALUES (1), (2)`,
    `UPDATE documents SET version = version + 1 WHERE id = ${random.between(1, 30)}`,
    'COMMIT',
  );

const savepoints: Write = (client, random) =>
  steps(
    client,
    'BEGIN',
    `INSERT INTO accounts SELECT nextval('ids'), 10, 'kept' FROM generate_series(1, 10)`,
    'SAVEPOINT a',
    `UPDATE accounts SET note = 'undone' WHERE id IN ${someAccounts(random, 50)}`,
    `INSERT INTO log SELECT i, 'undone' FROM generate_series(1, ${random.between(1, 800)}) i`,
    'ROLLBACK TO a',
    'SAVEPOINT b',
    `INSERT INTO log SELECT nextval('ids'), 'nested' FROM generate_series(1, ${random.between(1, 600)})`,
    'RELEASE b',
    'COMMIT',
  );

const aborted: Write = (client, random) =>
  steps(
    client,
    'BEGIN',
    `UPDATE accounts SET balance = 0, note = 'aborted' WHERE id IN ${someAccounts(random, 300)}`,
    `INSERT INTO log SELECT i, 'aborted' FROM generate_series(1, ${random.pick([5, LARGE_ROWS])}) i`,
    'ROLLBACK',
  );

const changeKeys: Write = async (client, random) => {
  await client.query(`UPDATE accounts SET id = nextval('ids') WHERE id IN ${someAccounts(random, 3)}`);
};

const remove: Write = (client, random) =>
  steps(
    client,
    'BEGIN',
    `DELETE FROM accounts WHERE id IN ${someAccounts(random, 4)}`,
    `DELETE FROM log WHERE ctid IN (SELECT ctid FROM log ORDER BY at, who LIMIT ${random.between(1, 40)})`,
    `UPDATE log SET who = 'updated' WHERE ctid IN (SELECT ctid FROM log ORDER BY at DESC, who LIMIT 3)`,
    `INSERT INTO accounts SELECT nextval('ids'), 1, NULL FROM generate_series(1, 4)`,
    'COMMIT',
  );

const large: Write = (client, random) =>
  steps(
    client,
    'BEGIN',
    `INSERT INTO log SELECT nextval('ids'), 'large' FROM generate_series(1, ${LARGE_ROWS})`,
    `UPDATE accounts SET balance = balance + 0.01 WHERE id IN ${someAccounts(random, 200)}`,
    `INSERT INTO noise SELECT i FROM generate_series(1, 50) i`,
    'COMMIT',
  );

const huge: Write = (client) =>
  steps(
    client,
    'BEGIN',
    'TRUNCATE wide',
    `INSERT INTO wide SELECT nextval('ids'), ${HUGE_BODY} FROM generate_series(1, ${HUGE_ROWS}) i`,
    'COMMIT',
  );

const truncate: Write = async (client, random) => {
  await client.query(random.pick(['TRUNCATE wide', 'TRUNCATE wide, log', 'TRUNCATE log']));
};

const evolve: Write = async (client, random) => {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT column_name AS name, data_type AS type FROM information_schema.columns
     WHERE table_name = 'evolving' AND column_name LIKE 'c%' ORDER BY substr(column_name, 2)::int`,
  );
  const column = random.pick(rows);
  // A name is never used again: a bigint that comes back as an int is a change that no reader can follow.
  const [fresh] = (await client.query<{ id: string }>("SELECT nextval('ids') AS id")).rows;
  const name = `c${fresh?.id}`;
  if (rows.length < 3) await client.query(`ALTER TABLE evolving ADD COLUMN ${name} int`);
  else if (column.type === 'integer')
    await client.query(`ALTER TABLE evolving ALTER COLUMN ${column.name} TYPE bigint`);
  else if (random.next() < 0.5)
    await client.query(`ALTER TABLE evolving RENAME COLUMN ${column.name} TO ${name}`);
  else await client.query(`ALTER TABLE evolving DROP COLUMN ${column.name}`);
  await fill(client, random);
};

const fill: Write = async (client, random) => {
  await client.query(
    `INSERT INTO evolving SELECT nextval('ids'), ${random.between(0, 9)} FROM generate_series(1, 3)`,
  );
  await client.query(
    `DO $$ DECLARE c text; BEGIN
       SELECT max(column_name) INTO c FROM information_schema.columns WHERE table_name = 'evolving' AND column_name LIKE 'c%';
       EXECUTE format('UPDATE evolving SET %I = ${random.between(1, 1e6)}, touched = touched + 1
         WHERE id IN (SELECT id FROM evolving ORDER BY id DESC LIMIT 5)', c);
     END $$`,
  );
};

/** How often each comes up. */
const WRITES: readonly (readonly [number, Write])[] = [
  [40, small],
  [10, savepoints],
  [8, aborted],
  [10, changeKeys],
  [10, remove],
  [4, large],
  [2, truncate],
  [5, evolve],
  [10, fill],
];
const DECK = WRITES.flatMap(([weight, write]) => Array.from({ length: weight }, () => write));

/** Writes to all tables until it is stopped. What is committed is Postgres' to know: an outage may leave it open. */
export class StormLoad {
  readonly #url: string;
  readonly #random: SeededRandom;
  #running = true;
  #hugeWanted = false;
  #done: Promise<void> | null = null;
  committed = 0;

  constructor(url: string, random: SeededRandom) {
    this.#url = url;
    this.#random = random;
  }

  start(): void {
    this.#done = this.#run();
  }

  /** The next transaction is one that does not fit into one batch of the source. */
  wantHuge(): void {
    this.#hugeWanted = true;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const client = new pg.Client({ connectionString: this.#url, connectionTimeoutMillis: 5000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        // A copy holds a lock on its tables: what waits for it must not hold back the copy's snapshot.
        await client.query("SET lock_timeout = '2s'");
        while (this.#running) await this.#write(client);
      } catch {
        await sleep(200);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  async #write(client: pg.Client): Promise<void> {
    const write = this.#hugeWanted || this.#random.next() < HUGE_CHANCE ? huge : this.#random.pick(DECK);
    this.#hugeWanted = false;
    await write(client, this.#random);
    this.committed++;
    await sleep(this.#random.between(10, 150));
  }
}
