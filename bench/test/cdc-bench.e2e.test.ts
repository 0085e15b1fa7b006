import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stack, waitFor } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import type { CdcResults } from '../src/cdc/cdc-bench.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
const NO_PEERS_TO_INSTALL = ['--peers', 'hasivu,walsender-text'];

describe('npm run bench -- cdc', () => {
  let directory = '';
  let admin: pg.Client;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cdc-bench-'));
    admin = new pg.Client({ connectionString: stack().postgres.url });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.end();
    rmSync(directory, { recursive: true });
  });

  const leftovers = async (): Promise<string[]> => {
    const { rows } = await admin.query<{ name: string }>(
      "select datname as name from pg_database where datname ~ '^(bench|latency|snapshot)_'",
    );
    return rows.map((row) => row.name);
  };

  test('measures every part and leaves nothing behind', async () => {
    const out = join(directory, 'cdc.json');
    const sizes = ['--rows', '20000', '--warm-up', '2000', '--rounds', '1', '--shapes', 'orders-1000-mixed'];
    const latency = ['--rates', '200', '--rate-seconds', '1', '--snapshot-rows', '5000'];
    const { code, output } = await bench([...NO_PEERS_TO_INSTALL, ...sizes, ...latency, '--out', out]).ended;
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    const results = JSON.parse(readFileSync(out, 'utf8')) as CdcResults;
    const [cell] = results.drain;
    expect(cell).toMatchObject({ cell: 'orders-1000-mixed', rows: 8000, rounds: 1 });
    expect(cell?.peers.map((one) => one.peer)).toEqual(['hasivu', 'walsender-text']);
    for (const one of cell?.peers ?? []) expect(one.rowsPerSecond.median).toBeGreaterThan(0);
    const [latencyOfOurs] = results.latency;
    expect(latencyOfOurs).toMatchObject({ peer: 'hasivu', rate: 200 });
    expect(latencyOfOurs?.p99.median).toBeGreaterThanOrEqual(latencyOfOurs?.p50.median ?? Infinity);
    expect(results.snapshot).toMatchObject([{ peer: 'hasivu', rows: 5000 }]);
    expect(readFileSync(join(directory, 'cdc.md'), 'utf8')).toContain('## orders-1000-mixed: 8,000 rows');
    expect(await leftovers()).toEqual([]);
  }, 300_000);

  test('stopped in the middle, it drops its slots and its database', async () => {
    const running = bench([
      ...NO_PEERS_TO_INSTALL,
      '--part',
      'drain',
      '--shapes',
      'narrow-10',
      '--rows',
      '50000000',
    ]);
    await waitFor(
      'its slots to be there',
      async () => {
        const { rows } = await admin.query(
          "select 1 from pg_replication_slots where database ~ '^bench_' and slot_name ~ '^bench_null'",
        );
        return rows.length === 1;
      },
      { timeoutMs: 120_000 },
    );
    running.stop();
    expect((await running.ended).code).toBe(130);
    expect(await leftovers()).toEqual([]);
  }, 300_000);
});

function bench(args: readonly string[]): {
  readonly stop: () => void;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
} {
  const { NODE_OPTIONS: _testRunner, ...env } = process.env;
  const child = spawn(process.execPath, [MAIN, 'cdc', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<{ readonly code: number | null; readonly output: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, output })),
  );
  return { stop: () => void child.kill('SIGINT'), ended };
}
