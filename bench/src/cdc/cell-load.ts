import type { BenchClient } from './bench-client.ts';
import type { Cell, LoadSize } from './cell.ts';

/** What a peer has to bring into Kafka, and where the parts of the load end in the log. */
export interface LoadedLog {
  readonly rows: number;
  /** Records in the table's topic: one for each row and one more, the tombstone, for each delete. */
  readonly records: number;
  readonly warmUpRows: number;
  readonly warmUpRecords: number;
  readonly warmUpLsn: string;
  readonly endLsn: string;
  /** Log that the measured part took, in bytes. */
  readonly logBytes: number;
}

/** Written last of all, so that a reader who sees it has everything. */
export const END_TABLE = 'bench_end';

/** Empties the cell's table and gives mixed loads the rows that their first transaction changes. Before any slot. */
export async function emptyTable(client: BenchClient, cell: Cell): Promise<void> {
  await client.query(`truncate ${cell.table.name}, ${END_TABLE}`);
  if (cell.mixed) await client.query(insertSql(cell, '1', String(blockOf(cell) / 2)));
  await client.query('checkpoint');
}

/** Writes warm-up and load in the server itself, a commit after each transaction, and the end's mark. */
export async function writeLoad(client: BenchClient, cell: Cell, size: LoadSize): Promise<LoadedLog> {
  // The load is no part of the measurement, and its commits need not wait for the disk.
  await client.query('set synchronous_commit = off');
  await client.query(procedure(cell));
  const firstBlock = cell.mixed ? 1 : 0;
  const warmUp = await runPart(client, cell, size.warmUpRows, firstBlock, 0);
  const main = await runPart(client, cell, size.rows, cell.mixed ? warmUp.nextBlock : 0, size.warmUpRows);
  await client.query(`insert into ${END_TABLE} values (1)`);
  const [row] = await client.query<{ bytes: string }>(
    'select pg_wal_lsn_diff($1::pg_lsn, $2::pg_lsn) as bytes',
    [main.lsn, warmUp.lsn],
  );
  const tombstones = (rows: number): number => (cell.mixed ? rows * 0.2 : 0);
  return {
    rows: size.rows,
    records: size.warmUpRows + size.rows + tombstones(size.warmUpRows + size.rows),
    warmUpRows: size.warmUpRows,
    warmUpRecords: size.warmUpRows + tombstones(size.warmUpRows),
    warmUpLsn: warmUp.lsn,
    endLsn: main.lsn,
    logBytes: Number(row?.bytes ?? 0),
  };
}

async function runPart(
  client: BenchClient,
  cell: Cell,
  rows: number,
  firstBlock: number,
  firstId: number,
): Promise<{ readonly lsn: string; readonly nextBlock: number }> {
  const perBlock = Math.min(blockOf(cell), rows);
  const blocks = Math.round(rows / perBlock);
  await client.query(`call bench_load(${firstBlock}, ${blocks}, ${perBlock}, ${firstId})`);
  const [row] = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
  return { lsn: row?.lsn ?? '0/0', nextBlock: firstBlock + blocks };
}

/** Changes that the procedure makes in one turn: a transaction, or ten of them where each has one change. */
function blockOf(cell: Cell): number {
  return cell.mixed ? Math.max(cell.rowsPerTransaction, 10) : cell.rowsPerTransaction;
}

function insertSql(cell: Cell, first: string, last: string): string {
  return `insert into ${cell.table.name} select ${cell.table.row} from generate_series((${first})::bigint, (${last})::bigint) id`;
}

function procedure(cell: Cell): string {
  const body = cell.mixed ? mixedBody(cell) : `${insertSql(cell, 'base + 1', 'base + n')}; commit;`;
  const base = cell.mixed ? 'b * n / 2' : 'first_id + b * n';
  return `create or replace procedure bench_load(first_block bigint, blocks bigint, n bigint, first_id bigint) language plpgsql as $$
    declare base bigint;
    begin
      for b in first_block .. first_block + blocks - 1 loop
        base := ${base};
        ${body}
      end loop;
    end $$`;
}

/** Inserts a block's keys; updates, then deletes the rows that the block before inserted. */
function mixedBody(cell: Cell): string {
  const update = (where: string): string =>
    `update ${cell.table.name} set ${cell.table.update} where ${where};`;
  const remove = (where: string): string => `delete from ${cell.table.name} where ${where};`;
  if (cell.rowsPerTransaction > 1) {
    return `${insertSql(cell, 'base + 1', 'base + n / 2')};
      ${update('id between base - n / 2 + 1 and base - n / 5')}
      ${remove('id between base - n / 5 + 1 and base')}
      commit;`;
  }
  const each = (count: number, statement: string): string =>
    `for k in 1 .. ${count} loop ${statement} commit; end loop;`;
  return [
    each(5, `${insertSql(cell, 'base + k', 'base + k')};`),
    each(3, update('id = base - 5 + k')),
    each(2, remove('id = base - 2 + k')),
  ].join('\n');
}
