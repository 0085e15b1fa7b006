import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { field, ParquetFile, parquetNodes, type BytesColumn, type Int64Column } from '@hasivu/delta';
import { pageCompression } from './page-compression.ts';

const ROWS = 20_000;
let folder: string;
let duckdb: DuckDBConnection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hasivu-codec-'));
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(async () => {
  duckdb.closeSync();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ['zstd', 'ZSTD'],
  ['snappy', 'SNAPPY'],
  ['gzip', 'GZIP'],
  ['lz4', 'LZ4_RAW'],
  ['none', 'UNCOMPRESSED'],
] as const)(
  'pages compressed with %s say so in the footer and are read back as they were',
  async (codec, name) => {
    const file = new ParquetFile({
      nodes: parquetNodes([field('id', 'long'), field('note', 'string')]),
      codec,
      compress: pageCompression(codec),
      createdBy: 'test',
    });
    const [id, note] = file.columns as [Int64Column, BytesColumn];
    for (let row = 0; row < ROWS; row += 1) {
      id.level(1, 0);
      id.appendBigInt(BigInt(row * 7919) % 104_729n);
      note.level(1, 0);
      note.appendText(`note ${row} of the day, and ${row % 13} more`);
    }
    const path = join(folder, `${codec}.parquet`);
    await writeFile(path, file.finish(ROWS));
    const ask = async (sql: string) => (await duckdb.runAndReadAll(sql)).getRows();
    expect(await ask(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`)).toEqual([[name]]);
    expect(
      await ask(
        `SELECT count(*)::INTEGER, bool_and(id = (n * 7919) % 104729 AND note = format('note {} of the day, and {} more', n, n % 13)) FROM (SELECT id, note, file_row_number AS n FROM read_parquet('${path}', file_row_number = true))`,
      ),
    ).toEqual([[ROWS, true]]);
  },
);
