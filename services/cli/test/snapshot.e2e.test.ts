import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnService, testDatabase, topicPrefix, uniqueName, waitFor } from '@hasivu/testing';
import { afterAll, expect, jest, test } from '@jest/globals';
import { hasivu, type CliAnswer } from './cli-process.ts';

jest.setTimeout(180_000);

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-snapshot-'));
const configPath = join(stateDir, 'hasivu.yaml');

afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

function snapshot(...argv: string[]): Promise<CliAnswer> {
  return hasivu(stateDir, 'snapshot', ...argv, '-f', configPath);
}

interface State {
  readonly paused: boolean;
  readonly pending: readonly { readonly table: string }[];
  readonly ended: readonly { readonly signal: string; readonly result: string; readonly rows: number }[];
}

async function state(): Promise<State> {
  const { code, out, err } = await snapshot('status', '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as State;
}

test('a table is read again by the command line: waited for, with a condition, paused, stopped, refused', async () => {
  await using database = await testDatabase('snapshot');
  await using topics = topicPrefix('snapshot');
  await database.query('CREATE TABLE items (id int PRIMARY KEY, n int); CREATE TABLE loose (n int)');
  await database.query('INSERT INTO items SELECT i, i % 2 FROM generate_series(1, 3000) i; ANALYZE items');
  const slot = uniqueName('cdc');
  const { brokers, registry, prefix } = topics;
  const postgres = { url: database.url, tables: ['public.*'], slot, publication: 'cdc', snapshot: 'never' };
  const configure = (more: object): void =>
    writeFileSync(
      configPath,
      JSON.stringify({
        version: 1,
        source: { postgres: { ...postgres, ...more } },
        kafka: { brokers: [...brokers], registry, prefix },
        tables: {},
      }),
    );
  configure({});
  expect(await snapshot('start', 'public.items')).toMatchObject({
    code: 2,
    err: expect.stringContaining('CLI_SOURCE_UNKNOWN'),
  });
  expect((await snapshot('status')).out).toContain('no snapshot is asked for');
  configure({ signalTable: 'public.signals' });

  await using service = await spawnService('cdc-source', configPath);
  await service.waitReady();
  const done = await snapshot('start', 'public.items', '--where', 'n = 1', '--wait');
  expect([done.code, done.err.includes('error'), done.out]).toEqual([
    0,
    false,
    'done  public.items: 1,500 rows\n',
  ]);

  const bad = await snapshot('start', 'public.items', '--where', 'nosuch = 1', '--wait', '--json');
  expect(bad.code).toBe(1);
  expect(JSON.parse(bad.out)).toMatchObject({ ended: [{ result: 'failed', table: 'public.items' }] });
  const refused = await snapshot('start', 'public.loose', '--wait');
  expect([refused.code, refused.out]).toEqual([
    1,
    expect.stringMatching(/^refused {2}public.loose: it has no key/),
  ]);
  expect(await snapshot('start', 'public.items', 'public.loose', '--where', 'true')).toMatchObject({
    code: 2,
  });

  expect(await snapshot('pause')).toMatchObject({ code: 0 });
  const asked = await snapshot('start', 'public.items', '--json');
  const { signal } = JSON.parse(asked.out) as { signal: string };
  await waitFor('the paused request', async () => (await state()).pending.length === 1);
  expect(await state()).toMatchObject({ paused: true, pending: [{ table: 'public.items', progress: null }] });
  expect((await snapshot('status')).out).toMatch(/paused[^]*waiting {2}public.items: not begun/);
  expect(await snapshot('stop', 'public.items')).toMatchObject({ code: 0 });
  expect(await snapshot('resume')).toMatchObject({ code: 0 });
  await waitFor('the stop', async () => (await state()).ended.some((one) => one.signal === signal));
  await waitFor('the resume', async () => !(await state()).paused);
  expect((await state()).ended.at(-1)).toMatchObject({ signal, result: 'stopped', rows: 0 });
});
