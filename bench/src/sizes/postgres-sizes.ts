import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { postgresPrograms, type TestDatabase } from '@hasivu/testing';

import { countBytes, type CountedBytes } from './counted-stream.ts';

export interface PostgresSizes {
  readonly rows: number;
  /** `pg_table_size` as the table lies there after its changes: heap, TOAST and their maps. */
  readonly tableBytes: number;
  /** The same after VACUUM FULL: no dead row, no free space. */
  readonly compactTableBytes: number;
  /** `pg_total_relation_size` after VACUUM FULL: with its indexes. */
  readonly compactTotalBytes: number;
  readonly csv: CountedBytes;
}

/** What a table takes in Postgres, and as CSV by COPY. */
export async function postgresSizes(database: TestDatabase, table: string): Promise<PostgresSizes> {
  const size = async (measure: string): Promise<number> => {
    const [row] = await database.query<{ bytes: string }>(`select ${measure}($1::regclass) as bytes`, [
      table,
    ]);
    return Number(row?.bytes);
  };
  const tableBytes = await size('pg_table_size');
  await database.query(`vacuum full analyze ${table}`);
  return {
    rows: await rowsOf(database, table),
    tableBytes,
    compactTableBytes: await size('pg_table_size'),
    compactTotalBytes: await size('pg_total_relation_size'),
    csv: await countBytes(await copyOut(database.url, table)),
  };
}

export async function rowsOf(database: TestDatabase, table: string): Promise<number> {
  const [row] = await database.query<{ rows: string }>(`select count(1) as rows from ${table}`);
  return Number(row?.rows);
}

async function copyOut(url: string, table: string): Promise<AsyncIterable<Buffer>> {
  const program = join(await postgresPrograms(), 'psql');
  const statement = `copy ${table} to stdout (format csv, header)`;
  const child = spawn(program, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', statement], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return (async function* () {
    yield* child.stdout as AsyncIterable<Buffer>;
    const exitCode = await ended;
    if (exitCode !== 0) throw new Error(`psql ended with ${exitCode} while it copied ${table}`);
  })();
}
