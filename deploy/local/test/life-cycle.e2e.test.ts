import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import {
  killPart,
  PART_NAMES,
  readStackStatus,
  startPart,
  startStack,
  stopPart,
  stopStack,
  type StackStatus,
} from '../src/index.ts';
import { commandsNaming, isRunning } from './process-state.ts';

const pidsOf = (status: StackStatus): (number | null)[] => PART_NAMES.map((name) => status[name].pid);

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a detached stack', () => {
  let stateDirectory = '';
  let status: StackStatus;
  const lines: string[] = [];
  beforeAll(async () => {
    stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-life-'));
    chmodSync(stateDirectory, 0o755);
    status = (await startStack({ stateDirectory, mode: 'detached', report: (line) => void lines.push(line) }))
      .status;
  });
  afterAll(async () => {
    await stopStack(stateDirectory, { wipe: true });
    rmSync(stateDirectory, { recursive: true, force: true });
  });

  test('runs every part and prints where each one is, without a credential', () => {
    expect(status.state).toBe('running');
    for (const name of ['PostgreSQL', 'Apache Kafka', 'schema registry', 'object store'])
      expect(lines.some((line) => line.startsWith(`${name}: ready at `))).toBe(true);
    expect(lines.join('\n')).not.toContain(status.s3.secretAccessKey);
    expect(lines.join('\n')).not.toContain(new URL(status.postgres.url).password);
  });

  test('is joined by a second start, also by two at once', async () => {
    const again = await Promise.all([1, 2].map(() => startStack({ stateDirectory, mode: 'detached' })));
    for (const joined of again) {
      expect(joined.startedHere).toBe(false);
      expect(pidsOf(joined.status)).toEqual(pidsOf(status));
    }
    expect(commandsNaming(join(stateDirectory, 'kafka', 'server.properties'))).toHaveLength(1);
  });

  test('stops and starts one part on the same port with the same data, the others go on', async () => {
    await query(status.postgres.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const without = await stopPart('postgres', stateDirectory);
    expect(without.postgres).toMatchObject({ state: 'stopped', pid: null });
    expect(without.kafka).toMatchObject({ state: 'running', pid: status.kafka.pid });
    await expect(query(status.postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    const back = await startPart('postgres', stateDirectory);
    expect(back.postgres.url).toBe(status.postgres.url);
    expect(await query(back.postgres.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test.each(PART_NAMES)('%s comes back after kill -9', async (name) => {
    const before = (await readStackStatus(stateDirectory))?.[name].pid;
    const killed = await killPart(name, stateDirectory);
    expect(killed[name].state).toBe('stopped');
    expect(isRunning(before ?? 0)).toBe(false);
    const back = await startPart(name, stateDirectory);
    expect(back[name].state).toBe('running');
    expect(back[name].pid).not.toBe(before);
  });

  test('the registry knows its schemas after kill -9, by the same ids', async () => {
    const url = `${status.registry.url}/subjects/life-value/versions`;
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const body = JSON.stringify({
      schema: '{"type":"record","name":"Life","fields":[{"name":"a","type":"long"}]}',
    });
    const register = async (): Promise<unknown> =>
      (await fetch(url, { method: 'POST', headers, body })).json();
    const first = await register();
    await killPart('registry', stateDirectory);
    await startPart('registry', stateDirectory);
    expect(await register()).toEqual(first);
  });

  test('a part that ends by itself is told as failed with its reason, and the next start mends it', async () => {
    const { pid } = (await readStackStatus(stateDirectory))?.s3 ?? {};
    process.kill(pid ?? 0, 'SIGKILL');
    let seen = await readStackStatus(stateDirectory);
    while (seen?.s3.state !== 'failed') seen = await readStackStatus(stateDirectory);
    expect(seen).toMatchObject({
      state: 'failed',
      s3: { reason: 'the process ended by itself with SIGKILL' },
    });
    const mended = await startStack({ stateDirectory, mode: 'detached' });
    expect(mended.status).toMatchObject({ state: 'running', s3: { endpoint: status.s3.endpoint } });
  });

  test('down leaves no process; up again has the same addresses, credentials and data', async () => {
    expect(await stopStack(stateDirectory)).toBe(true);
    expect(commandsNaming(stateDirectory)).toEqual([]);
    expect(await readStackStatus(stateDirectory)).toMatchObject({
      state: 'stopped',
      keeperPid: null,
      kafka: { state: 'stopped' },
    });
    expect(await stopStack(stateDirectory)).toBe(false);
    await expect(startPart('kafka', stateDirectory)).rejects.toThrow('STACK_NOT_RUNNING');
    const again = (await startStack({ stateDirectory, mode: 'detached' })).status;
    expect(again.postgres.url).toBe(status.postgres.url);
    expect(again.kafka.brokers).toEqual(status.kafka.brokers);
    expect(again.s3.secretAccessKey).toBe(status.s3.secretAccessKey);
    expect(await query(again.postgres.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('the servers end with their keeper, even when that is killed; the next start cleans up and works', async () => {
    const before = await readStackStatus(stateDirectory);
    process.kill(before?.keeperPid ?? 0, 'SIGKILL');
    while (before !== null && pidsOf(before).some((pid) => isRunning(pid ?? 0)))
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readStackStatus(stateDirectory)).toMatchObject({
      state: 'stopped',
      postgres: { pid: null },
    });
    const again = await startStack({ stateDirectory, mode: 'detached' });
    expect(again.startedHere).toBe(true);
    expect(await query(again.status.postgres.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('wiping deletes data, logs and credentials', async () => {
    await stopStack(stateDirectory, { wipe: true });
    expect(existsSync(stateDirectory)).toBe(false);
    expect(await readStackStatus(stateDirectory)).toBeNull();
  });
});
