import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { waitFor } from '@hasivu/testing';
import pg from 'pg';

import { choosePorts } from '../local/src/free-ports.ts';
import { serverEnvironment } from '../local/src/parts/server-part.ts';
import { postgresBinaries } from '../local/src/prepare/postgres-binaries.ts';
import { postgresUser } from '../local/src/unprivileged-user.ts';
import type { TestCertificates } from './test-certificates.ts';

export const PASSWORD = 'app-secret';

/** Whoever comes without TLS is refused, whatever the connection is for. */
const ACCESS = `hostssl all cert_user 127.0.0.1/32 cert
hostssl all md5_user 127.0.0.1/32 md5
hostssl all all 127.0.0.1/32 scram-sha-256
`;

const ROLES = `
  CREATE ROLE scram_user LOGIN SUPERUSER PASSWORD '${PASSWORD}';
  CREATE ROLE cert_user LOGIN SUPERUSER;
  SET password_encryption = 'md5';
  CREATE ROLE md5_user LOGIN SUPERUSER PASSWORD '${PASSWORD}'`;

export interface SecuredPostgres extends AsyncDisposable {
  readonly port: number;
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>;
}

/** A PostgreSQL of this test alone that takes TLS only, with a role per way to authenticate. */
export async function startSecuredPostgres(
  home: string,
  certificates: TestCertificates,
): Promise<SecuredPostgres> {
  const user = postgresUser();
  const identity = user ? { uid: user.uid, gid: user.gid } : {};
  const bin = join(postgresBinaries(user), 'bin');
  const data = join(home, 'data');
  const key = join(home, 'postgres.key');
  // PostgreSQL may run as another user and has to walk here, and wants the key to itself.
  chmodSync(home, 0o755);
  mkdirSync(data, { mode: 0o700 });
  copyFileSync(certificates.serverKey, key);
  chmodSync(key, 0o600);
  writeFileSync(join(home, 'password'), PASSWORD);
  writeFileSync(join(home, 'hba'), ACCESS);
  if (user) for (const path of [data, key]) chownSync(path, user.uid, user.gid);
  const login = ['-U', 'admin', `--pwfile=${join(home, 'password')}`, '--auth=scram-sha-256'];
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, ...login, '--no-instructions'], {
    cwd: home,
    env: serverEnvironment(),
    encoding: 'utf8',
    ...identity,
  });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const [port = 0] = await choosePorts(1);
  const settings = Object.entries({
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    wal_level: 'logical',
    hba_file: join(home, 'hba'),
    ssl: 'on',
    ssl_cert_file: certificates.serverCertificate,
    ssl_key_file: key,
    ssl_ca_file: certificates.authority,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings], {
    cwd: home,
    env: serverEnvironment(),
    stdio: 'ignore',
    ...identity,
  });
  const query = async (sql: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({
      connectionString: `postgres://admin:${PASSWORD}@localhost:${port}/postgres`,
      ssl: { ca: readFileSync(certificates.authority, 'utf8') },
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  await waitFor('PostgreSQL to answer', () => query('SELECT 1 AS up'), { timeoutMs: 60_000 });
  await query(ROLES);
  return {
    port,
    query,
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
