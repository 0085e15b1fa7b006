import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { waitFor } from '@hasivu/testing';

import { choosePorts } from '../local/src/free-ports.ts';
import { serverEnvironment } from '../local/src/parts/server-part.ts';
import { postgresBinaries } from '../local/src/prepare/postgres-binaries.ts';
import { postgresUser } from '../local/src/unprivileged-user.ts';

export interface PlainPostgres extends AsyncDisposable {
  readonly url: string;
}

/** A PostgreSQL as it comes, without logical decoding, for the mistake of pointing the source at one. */
export async function plainPostgres(): Promise<PlainPostgres> {
  const user = postgresUser();
  const bin = join(postgresBinaries(user), 'bin');
  const home = mkdtempSync(join(tmpdir(), 'hasivu-plain-postgres-'));
  const data = join(home, 'data');
  // PostgreSQL may run as another user and has to walk here.
  chmodSync(home, 0o755);
  mkdirSync(data, { mode: 0o700 });
  if (user) chownSync(data, user.uid, user.gid);
  const identity = user ? { uid: user.uid, gid: user.gid } : {};
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'hasivu', '--auth=trust', '--no-instructions'],
    {
      cwd: home,
      env: serverEnvironment(),
      encoding: 'utf8',
      ...identity,
    },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const [port] = await choosePorts(1);
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'wal_level=replica',
  ];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    {
      cwd: home,
      env: serverEnvironment(),
      stdio: 'ignore',
      ...identity,
    },
  );
  const url = `postgres://hasivu@127.0.0.1:${port}/postgres`;
  await waitFor('PostgreSQL to answer', async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.end();
    return true;
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
