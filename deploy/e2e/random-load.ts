import { SeededRandom } from '@hasivu/testing';
import pg from 'pg';

/** Tables of the storm: one keyed with an out-of-line column, one with a two-column key, one without a key. */
export const STORM_SCHEMA = `
create table orders (id bigint primary key, tenant_id int not null, status text, total numeric(12,2), placed_at timestamptz not null default now(), notes text);
create table lines (order_id bigint, line int, item text, quantity int, primary key (order_id, line));
create table audit (at timestamptz not null, what text not null, amount double precision);
alter table orders alter column notes set storage external;`;

export interface LoadResult {
  readonly transactions: number;
}

/**
 * Runs random transactions (inserts, updates, key changes, deletes, rolled back work) until `signal` aborts. The same seed
 * gives the same transactions. Waits out a database that is away.
 */
export async function runRandomLoad(
  url: string,
  seed: number,
  signal: AbortSignal,
  pauseMs = 5,
): Promise<LoadResult> {
  const random = new SeededRandom(seed);
  let transactions = 0;
  let nextId = 1;
  let client: pg.Client | null = null;
  while (!signal.aborted) {
    try {
      if (!client) {
        client = new pg.Client({ connectionString: url });
        client.on('error', () => {});
        await client.connect();
      }
      nextId = await transaction(client, random, nextId);
      transactions++;
    } catch {
      await client?.end().catch(() => {});
      client = null;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await client?.end().catch(() => {});
  return { transactions };
}

async function transaction(client: pg.Client, random: SeededRandom, firstId: number): Promise<number> {
  const pick = (): number => Math.floor(random.next() * firstId);
  let nextId = firstId;
  await client.query('begin');
  for (let n = 1 + Math.floor(random.next() * 6); n > 0; n--) {
    const dice = random.next();
    if (dice < 0.45) {
      const rows = 1 + Math.floor(random.next() * 20);
      await client.query(
        `insert into orders select $1::bigint + g, g % 7, 'placed', g * 1.25, now(), case when g % 3 = 0 then repeat(md5(g::text), 100) end from generate_series(0, $2::int - 1) g
         on conflict (id) do nothing`,
        [nextId, rows],
      );
      await client.query(
        `insert into lines select $1::bigint + g, l, 'item ' || l, l from generate_series(0, $2::int - 1) g, generate_series(1, 2) l on conflict do nothing`,
        [nextId, rows],
      );
      nextId += rows;
    } else if (dice < 0.75) {
      await client.query(
        `update orders set status = $2, total = total + 1 where id between $1::bigint and $1::bigint + 5`,
        [pick(), ['paid', 'cooking', 'served'][Math.floor(random.next() * 3)]],
      );
    } else if (dice < 0.82) {
      await client.query('update lines set line = line + 10 where order_id = $1', [pick()]);
    } else if (dice < 0.92) {
      const id = pick();
      await client.query('delete from orders where id = $1', [id]);
      await client.query('delete from lines where order_id = $1', [id]);
    } else {
      await client.query(`insert into audit values (now(), 'checked', $1)`, [random.next()]);
    }
  }
  await client.query(random.next() < 0.08 ? 'rollback' : 'commit');
  return nextId;
}
