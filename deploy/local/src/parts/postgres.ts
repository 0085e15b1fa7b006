import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import pg from 'pg';
import { portOf, type StackPlan } from '../stack-plan.ts';
import type { SystemUser } from '../unprivileged-user.ts';
import { serverEnvironment, type ServerPart } from './server-part.ts';

const USER = 'hasivu';
const DATABASE = 'hasivu';
const CONNECT_TIMEOUT_MS = 3_000;

/** Logical decoding needs the first three, two-phase commit max_prepared_transactions; the sockets' directory is empty because paths of sockets are short. */
const SETTINGS: Readonly<Record<string, string>> = {
  wal_level: 'logical',
  max_replication_slots: '20',
  max_wal_senders: '20',
  max_connections: '200',
  max_prepared_transactions: '20',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_wal_size: '2GB',
};

export function postgresUrl(plan: StackPlan): string {
  const { postgresPassword } = plan.facts;
  return `postgres://${USER}:${postgresPassword}@127.0.0.1:${portOf(plan, 'postgres')}/${DATABASE}`;
}

export function postgresPart(plan: StackPlan, tools: NonNullable<StackPlan['postgres']>): ServerPart {
  const { native, dataDirectory, user } = tools;
  const settings = Object.entries({ ...SETTINGS, port: String(portOf(plan, 'postgres')) });
  return {
    name: 'postgres',
    launch: {
      command: join(native, 'bin', 'postgres'),
      args: ['-D', dataDirectory, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      env: serverEnvironment(),
      cwd: dirname(dataDirectory),
      user,
    },
    // Fast shutdown waits for replication clients to take what is left; immediate is what a crash would be.
    stopSignals: [
      { signal: 'SIGINT', waitMs: 10_000 },
      { signal: 'SIGQUIT', waitMs: 5_000 },
    ],
    // After kill -9 the old backends hold the shared memory for a moment more, and until then the server refuses.
    startAttempts: 20,
    setUp: () => initialiseCluster(native, dataDirectory, user, plan.facts.postgresPassword),
    probe: () => ensureDatabase(postgresUrl(plan)),
  };
}

async function initialiseCluster(
  native: string,
  dataDirectory: string,
  user: SystemUser | null,
  password: string,
): Promise<void> {
  // initdb creates global/pg_control last of what matters: a directory without it was cut short and is made again.
  if (existsSync(join(dataDirectory, 'global', 'pg_control'))) return;
  rmSync(dataDirectory, { recursive: true, force: true });
  mkdirSync(dataDirectory, { recursive: true });
  chmodSync(dataDirectory, 0o700);
  const passwordFile = `${dataDirectory}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== null) for (const path of [dataDirectory, passwordFile]) chownSync(path, user.uid, user.gid);
  try {
    const args = ['-D', dataDirectory, '-U', USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    await runAs(
      user,
      join(native, 'bin', 'initdb'),
      [...args, '--encoding=UTF8', '--locale=C', '--no-instructions'],
      dirname(dataDirectory),
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function runAs(
  user: SystemUser | null,
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<void> {
  const identity = user === null ? {} : { uid: user.uid, gid: user.gid };
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity,
    });
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
    const fail = (why: string, cause?: unknown): void =>
      reject(
        new PlatformError('STACK_PART_FAILED', { doing: 'creating the PostgreSQL cluster', why, cause }),
      );
    child.once('error', (cause) => fail(`${command} could not be run`, cause));
    child.once('close', (exitCode) =>
      exitCode === 0 ? resolve() : fail(`initdb ended with ${exitCode}: ${printed.trim()}`),
    );
  });
}

/** Logs in with the password over TCP and creates our database the first time. */
async function ensureDatabase(url: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({
    connectionString: maintenance.href,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A server that stops while we ask ends the socket; the query's rejection says so already.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE "${DATABASE}"`);
  } finally {
    await client.end();
  }
}
