import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { DeltaTable } from '@hasivu/delta';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryStore } from '../../../object-store/src/index.ts';
import { checkProperty } from '../../../testing/src/check-property.ts';
import { putTable, randomTables } from '../../test/random-lake.ts';
import { randomQueries } from '../../test/random-queries.ts';
import { EngineSession } from '../engine-session.ts';
import { FileCache } from '../file-cache.ts';
import { parseStatement } from '../statement-syntax.ts';
import { LakeReader } from './lake-reader.ts';
import type { TableRead } from './table-read.ts';

jest.setTimeout(300_000);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pruned-reads-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An instance of its own; it is closed with `close`, since hundreds that wait for the garbage collector hold threads. */
async function connect(): Promise<{ connection: DuckDBConnection; close: () => void }> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  for (const sql of ["SET TimeZone = 'UTC'", "ATTACH ':memory:' AS silver", 'CREATE SCHEMA silver.p'])
    await connection.run(sql);
  return {
    connection,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** The answer's rows as texts in one order, or what the engine says is wrong. */
async function answerOf(connection: DuckDBConnection, sql: string): Promise<string[] | 'refused'> {
  try {
    const answer = await connection.runAndReadAll(sql);
    return answer
      .getRowsJson()
      .map((row) => JSON.stringify(row))
      .sort();
  } catch (error) {
    if (/^(Binder|Parser|Catalog) Error/u.test((error as Error).message)) return 'refused';
    throw error;
  }
}

test('whatever is left out, the answer is that of all rows and columns', async () => {
  const counts = {
    answered: 0,
    refused: 0,
    files: 0,
    filesRead: 0,
    groups: 0,
    groupsRead: 0,
  };
  const add = ({ files, rowGroups }: TableRead): void => {
    counts.files += files.of;
    counts.filesRead += files.read;
    counts.groups += rowGroups.of;
    counts.groupsRead += rowGroups.read;
  };
  const { seed } = await checkProperty(
    fc.asyncProperty(
      randomTables,
      randomTables,
      fc.array(randomQueries, { minLength: 6, maxLength: 12 }),
      async (t, u, queries) => {
        const store = new MemoryStore();
        const { connection: oracle, close: closeOracle } = await connect();
        await putTable({ store, oracle, folder }, 't', t);
        await putTable({ store, oracle, folder }, 'u', u);
        for (const sql of queries) {
          // A cache of its own: what one statement fetches whole would be whole for the next.
          const cache = await FileCache.openKept(store, join(folder, randomUUID()), 2 ** 30);
          const { connection: pruned, close } = await connect();
          const session = new EngineSession(pruned, join(cache.folder, 'session'));
          const signal = new AbortController().signal;
          const reader = new LakeReader({ session, cache, signal, catalogs: ['silver'], smallBytes: 0 });
          const parsed = await parseStatement(session, sql);
          if ('mistake' in parsed) throw new Error(`${parsed.mistake}: ${sql}`);
          const around = { store, nowMs: Date.now, newId: randomUUID };
          const reads = await reader.prepare(parsed, async ({ catalog, schema, table }) => {
            const opened = await DeltaTable.open(`${catalog}/${schema}/${table.toLowerCase()}`, around);
            if (opened === null) throw new Error(`there is no table ${table}`);
            return opened;
          });
          const expected = await answerOf(oracle, sql);
          expect([sql, await answerOf(pruned, sql)]).toEqual([sql, expected]);
          if (expected === 'refused') counts.refused += 1;
          else {
            counts.answered += 1;
            reads.forEach(add);
          }
          close();
          await cache.close();
        }
        closeOracle();
      },
    ),
    { budgetMs: 25_000 },
  );
  process.stdout.write(`pruned reads, seed ${seed}: ${JSON.stringify(counts)}\n`);
  // That something is left out is part of the claim.
  expect(counts.refused).toBeLessThan(counts.answered / 5);
  expect(counts.filesRead).toBeLessThan(counts.files);
  expect(counts.groupsRead).toBeLessThan(counts.groups);
});
