import { PlatformError } from '@hasivu/errors';
import { testDatabase, uniqueName, waitFor } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { ChunkSize } from '../../core/incremental/chunk-size.ts';
import { TableWindow } from '../../core/incremental/table-window.ts';
import { TouchedKeys } from '../../core/incremental/touched-keys.ts';
import { ChunkReader, type Attempt } from './chunk-reader.ts';
import type { TableDescriber } from './readable-table.ts';

const EMITS = ['boolean, text, text', 'boolean, text, bytea'];

function attemptOn(table: string): Attempt {
  return {
    request: { signal: 'a', table, filter: null, owed: [], again: false, run: null },
    window: new TableWindow(table, () => undefined, new TouchedKeys(10)),
    size: new ChunkSize(),
    stop: new AbortController(),
    delayMs: 0,
    read: null,
  };
}

test('a failure that cannot be marked is told, tried again ever more seldom, and marked once that can be done', async () => {
  await using database = await testDatabase('unmarked');
  const role = uniqueName('role');
  const [version] = await database.query<{ n: number }>(
    "SELECT current_setting('server_version_num')::int n",
  );
  const flush = (version?.n ?? 0) >= 170000 ? ', boolean' : '';
  const change = (what: string): Promise<unknown> =>
    database.query(
      EMITS.map((types) => what.replace('$', `pg_logical_emit_message(${types}${flush})`)).join(';'),
    );
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
  await change('REVOKE EXECUTE ON FUNCTION $ FROM PUBLIC');
  const url = new URL(database.url);
  url.username = role;
  url.password = 'right';
  const retries: [string, string | undefined, number][] = [];
  const reader = new ChunkReader(
    {
      target: { url: url.href, applicationName: 'hasivu-test' },
      serverVersion: version?.n ?? 0,
      // Never asked: the table is missing.
      describer: null as unknown as TableDescriber,
      statementTimeoutMs: 10_000,
    },
    {
      waiting: () => undefined,
      retrying: (_request, error, failed, delayMs) => retries.push([error.code, failed?.code, delayMs]),
    },
  );
  const sessions = async (): Promise<number> =>
    (await database.query('SELECT FROM pg_stat_activity WHERE usename = $1', [role])).length;
  const attempt = attemptOn('public.nothing');
  try {
    reader.start(attempt);
    await waitFor('three tries', () => retries.length >= 3, { timeoutMs: 30_000 });
    expect(retries.slice(0, 3)).toEqual([
      ['SOURCE_PERMISSION', expect.any(String), 250],
      ['SOURCE_PERMISSION', expect.any(String), 500],
      ['SOURCE_PERMISSION', expect.any(String), 1000],
    ]);
    await change('GRANT EXECUTE ON FUNCTION $ TO PUBLIC');
    await waitFor('the mark', () => attempt.read !== null, { timeoutMs: 30_000 });
    expect(attempt.read?.mark).toMatch(/^[0-9a-f-]{36}$/);
    const { result } = attempt.read ?? {};
    expect(result?.kind === 'failed' && result.error instanceof PlatformError).toBe(true);
    expect(await sessions()).toBe(1);
    // Nothing is left to read.
    reader.rest();
    await waitFor('the session to end', async () => (await sessions()) === 0, { timeoutMs: 30_000 });
    reader.assertHealthy();
  } finally {
    attempt.stop.abort();
    await reader.close();
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
}, 120_000);
