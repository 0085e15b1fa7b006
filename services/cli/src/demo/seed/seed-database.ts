import type { Client } from 'pg';
import { DEMO_KEYS_DDL, DEMO_TABLES_DDL } from '../schema/demo-schema.ts';
import type { DemoSize } from './demo-size.ts';
import { seedStatements } from './seed-statements.ts';

/**
 * Creates the demo's tables in the database of the connection and fills them, in one transaction: a seed that is cut
 * short leaves nothing behind. `onTable` hears of each table with the rows it got.
 */
export async function seedDatabase(
  client: Client,
  size: DemoSize,
  seed: number,
  onTable: (table: string, rows: number) => void,
): Promise<number> {
  let rows = 0;
  await client.query('BEGIN');
  await client.query(`SET LOCAL TIME ZONE 'UTC'`);
  for (const ddl of DEMO_TABLES_DDL) await client.query(ddl);
  await client.query('SELECT setseed($1)', [(seed % 1_000_000) / 1_000_000]);
  for (const { table, sql } of seedStatements(size)) {
    const { rowCount } = await client.query(sql);
    rows += rowCount ?? 0;
    onTable(table, rowCount ?? 0);
  }
  for (const ddl of DEMO_KEYS_DDL) await client.query(ddl);
  await client.query('COMMIT');
  await client.query('ANALYZE');
  return rows;
}
