import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bucketPrefix, testDatabase, topicPrefix, waitFor, type TestDatabase } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { hasivu, LongCommand } from './cli-process.ts';

jest.setTimeout(120_000);

const BIG = '9007199254740993';

interface RunRecord {
  readonly pid: number;
  readonly services: readonly { readonly name: string; readonly pid: number | null; readonly port: number }[];
}

describe('run, status, tail and query on real servers', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-cli-'));
  const configPath = join(stateDir, 'hasivu.yaml');
  const topics = topicPrefix('cli');
  const bucket = bucketPrefix('cli');
  let database: TestDatabase;
  let group: LongCommand;

  const record = (): RunRecord => JSON.parse(readFileSync(join(stateDir, 'run.json'), 'utf8')) as RunRecord;
  const rowsOf = async (sql: string, ...more: string[]): Promise<Record<string, unknown>[]> => {
    const { code, out, err } = await hasivu(
      stateDir,
      'query',
      sql,
      '-f',
      configPath,
      '--format',
      'json',
      ...more,
    );
    if (code !== 0) throw new Error(err);
    return JSON.parse(out) as Record<string, unknown>[];
  };
  const untilRows = (count: number): Promise<true> =>
    waitFor(
      `${count} rows in silver`,
      async () =>
        Number((await rowsOf('select count(*) as n from silver.public.items'))[0]?.['n']) === count || null,
      { timeoutMs: 60_000 },
    );

  beforeAll(async () => {
    database = await testDatabase('cli');
    await database.query(
      'CREATE TABLE items (id bigint PRIMARY KEY, price numeric(10,2), note text, at timestamptz)',
    );
    await database.query(`INSERT INTO items VALUES (${BIG}, 1.10, 'first', '2026-06-01 02:30:00.000001+00')`);
    const { endpoint, bucket: name, prefix, region, accessKeyId, secretAccessKey } = bucket;
    const config = {
      version: 1,
      source: {
        postgres: {
          url: database.url,
          tables: ['public.*'],
          publication: database.name,
          slot: database.name,
        },
      },
      kafka: { brokers: topics.brokers, registry: topics.registry, prefix: topics.prefix },
      lake: {
        endpoint,
        bucket: name,
        prefix,
        region,
        accessKeyId,
        secretAccessKey,
        flush: { intervalMs: 200 },
      },
    };
    writeFileSync(configPath, JSON.stringify(config));
    group = new LongCommand(stateDir, 'run', '-f', configPath);
  });

  afterAll(async () => {
    await group[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await Promise.all([topics[Symbol.asyncDispose](), bucket[Symbol.asyncDispose]()]);
    rmSync(stateDir, { recursive: true });
  });

  test('run starts the services of the file, and status tells them ready', async () => {
    const status = await waitFor('all services ready', async () => {
      const { out } = await hasivu(stateDir, 'status', '--json');
      const answer = JSON.parse(out) as { services: { name: string; ready: boolean }[] };
      return answer.services.length === 3 && answer.services.every(({ ready }) => ready) ? answer : null;
    });
    expect(status.services.map(({ name }) => name)).toEqual(['cdc-source', 'lake-sink', 'lake-keeper']);
    expect(record().services.every(({ pid, port }) => pid !== null && port > 0)).toBe(true);
  });

  test('a second group of the same file is refused with exit code 2', async () => {
    const { code, err } = await hasivu(stateDir, 'run', '-f', configPath);
    expect([code, err.split(' ')[1]]).toEqual([2, 'CLI_GROUP_RUNNING']);
  });

  test('tail prints what the topic holds, with every digit', async () => {
    await untilRows(1);
    const { code, out } = await hasivu(
      stateDir,
      'tail',
      'public.items',
      '-f',
      configPath,
      '--from',
      'beginning',
      '--max',
      '1',
      '--json',
    );
    expect(code).toBe(0);
    expect(out).toContain(`"key":{"id":${BIG}}`);
    expect(JSON.parse(out)).toMatchObject({
      topic: `${topics.prefix}.public.items`,
      value: { op: 'r', after: { price: '1.10', note: 'first', at: '2026-06-01T02:30:00.000001Z' } },
    });
    expect(await hasivu(stateDir, 'tail', 'nothing', '-f', configPath)).toMatchObject({
      code: 2,
      err: expect.stringContaining('CLI_TOPIC_UNKNOWN'),
    });
  });

  test('query reads silver and bronze as they are now, and as they were', async () => {
    await database.query(`UPDATE items SET note = 'second'; INSERT INTO items VALUES (2, NULL, NULL, NULL)`);
    await untilRows(2);
    const { out } = await hasivu(
      stateDir,
      'query',
      'select * exclude (_lsn, _seq) from silver.public.items order by id desc',
      '-f',
      configPath,
      '--format',
      'csv',
    );
    expect(out).toBe(`id,price,note,at\n${BIG},1.10,second,2026-06-01 02:30:00.000001+00\n2,,,\n`);
    expect(
      await rowsOf('select _op, count(*)::int as n from bronze.public.items group by 1 order by 1'),
    ).toEqual([
      { _op: 'c', n: 1 },
      { _op: 'r', n: 1 },
      { _op: 'u', n: 1 },
    ]);
    const versions = await Promise.all(
      [0, 1].map((version) =>
        rowsOf('select note from bronze.public.items', '--at-version', String(version)),
      ),
    );
    expect(versions.some((rows) => rows.every(({ note }) => note === 'first'))).toBe(true);
    expect(
      await hasivu(stateDir, 'query', 'select * from silver.public.gone', '-f', configPath),
    ).toMatchObject({ code: 2, err: expect.stringContaining('CLI_TABLE_UNKNOWN') });
  });

  test('a service that is killed is started again and goes on where it was', async () => {
    const sink = record().services.find(({ name }) => name === 'lake-sink');
    process.kill(sink?.pid ?? 0, 'SIGKILL');
    await database.query(`INSERT INTO items SELECT n, n, 'more', now() FROM generate_series(10, 19) n`);
    await untilRows(12);
    expect(record().services.find(({ name }) => name === 'lake-sink')?.pid).not.toBe(sink?.pid);
    expect(group.out).toContain('lake-sink was killed; starting again in 0.5 s');
  });

  test('SIGTERM drains the services in order and ends with 0; nothing is left', async () => {
    const { services } = record();
    group.signal('SIGTERM');
    expect(await group.ended).toBe(0);
    for (const { pid } of services) expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    expect(() => record()).toThrow('ENOENT');
    expect((await hasivu(stateDir, 'status', '--json')).out).toContain('"group":null');
  });

  test('a supervisor that is killed takes its services with it', async () => {
    const orphaned = new LongCommand(stateDir, 'run', '-f', configPath);
    const { services } = await waitFor('the group to run', () =>
      record().services.every(({ pid }) => pid !== null) ? record() : null,
    );
    orphaned.signal('SIGKILL');
    await waitFor('the services to end', () => services.every(({ pid }) => !isAlive(pid ?? 0)));
  });

  test('a mistake that a person has to mend stops the group with exit code 2 and one error', async () => {
    const wrong = join(stateDir, 'wrong.yaml');
    const url = new URL(database.url);
    url.password = 'not-it';
    writeFileSync(wrong, readFileSync(configPath, 'utf8').replaceAll(database.url, url.href));
    const { code, err } = await hasivu(stateDir, 'run', '-f', wrong);
    expect(code).toBe(2);
    expect(err).toMatch(/^error SOURCE_AUTHENTICATION while .*\n$/);
    expect(err).not.toContain('not-it');
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
