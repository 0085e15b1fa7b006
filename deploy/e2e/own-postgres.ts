import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { waitFor, type TestDatabase } from '@hasivu/testing';
import pg from 'pg';

import { choosePorts } from '../local/src/free-ports.ts';
import { serverEnvironment } from '../local/src/parts/server-part.ts';
import { postgresBinaries } from '../local/src/prepare/postgres-binaries.ts';
import { postgresUser } from '../local/src/unprivileged-user.ts';

export type ServerSettings = Readonly<Record<string, string>>;

const BASE: ServerSettings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', fsync: 'off' };

/** A PostgreSQL of one test alone, to be stopped, killed, promoted and filled up. */
export class OwnPostgres implements AsyncDisposable {
  readonly port: number;
  readonly #home: string;
  #settings: ServerSettings;
  #server: ChildProcess | null = null;

  private constructor(home: string, port: number, settings: ServerSettings) {
    this.#home = home;
    this.port = port;
    this.#settings = settings;
  }

  static async start(settings: ServerSettings = {}): Promise<OwnPostgres> {
    const server = await OwnPostgres.#create(settings);
    const made = spawnSync(
      join(binaries(), 'initdb'),
      ['-D', server.#data, '-U', 'hasivu', '--auth=trust', '--no-instructions'],
      { cwd: server.#home, env: serverEnvironment(), encoding: 'utf8', ...identity() },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    await server.launch();
    return server;
  }

  /** A standby of `primary`, streaming through the physical slot `standbySlot`; ready when it answers queries. */
  static async standbyOf(
    primary: OwnPostgres,
    standbySlot: string,
    settings: ServerSettings,
  ): Promise<OwnPostgres> {
    const server = await OwnPostgres.#create({
      ...settings,
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=hasivu dbname=postgres`,
      primary_slot_name: standbySlot,
      hot_standby: 'on',
    });
    const client = new pg.Client({ connectionString: primary.url });
    await client.connect();
    try {
      // The session that starts a backup has to live until it ends.
      await client.query("SELECT pg_backup_start('standby', true)");
      for (const name of readdirSync(primary.#data)) {
        if (name === 'postmaster.pid' || name === 'postmaster.opts') continue;
        cpSync(join(primary.#data, name), join(server.#data, name), {
          recursive: true,
          // What the server removes while we copy is not needed: the log of the backup makes up for it.
          filter: (source) => !/\/(pg_replslot|pg_wal|pgsql_tmp)\/./.test(source),
        });
      }
      const { rows } = await client.query<{ label: string }>(
        'SELECT labelfile AS label FROM pg_backup_stop(false)',
      );
      writeFileSync(join(server.#data, 'backup_label'), rows[0]?.label ?? '');
      writeFileSync(join(server.#data, 'standby.signal'), '');
    } finally {
      await client.end();
    }
    own(server.#data);
    await server.launch();
    return server;
  }

  static async #create(settings: ServerSettings): Promise<OwnPostgres> {
    const home = mkdtempSync(join(tmpdir(), 'hasivu-own-postgres-'));
    // PostgreSQL may run as another user and has to walk here.
    chmodSync(home, 0o755);
    mkdirSync(join(home, 'data'), { mode: 0o700 });
    const [port] = await choosePorts(1);
    if (port === undefined) throw new Error('no free port');
    const server = new OwnPostgres(home, port, { ...BASE, ...settings });
    own(server.#data);
    return server;
  }

  /** Of the database `postgres`. */
  get url(): string {
    return `postgres://hasivu@127.0.0.1:${this.port}/postgres`;
  }

  urlOf(database: string): string {
    return this.url.replace(/postgres$/, database);
  }

  /** Its database `postgres` as the other tests know one. */
  get database(): TestDatabase {
    return {
      name: 'postgres',
      url: this.url,
      query: (sql, values) => this.query(sql, values),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Starts the server, with more settings than before where they are given, and waits until it answers. */
  async launch(settings: ServerSettings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    const all = Object.entries({ ...this.#settings, port: String(this.port) });
    this.#server = spawn(
      join(binaries(), 'postgres'),
      ['-D', this.#data, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { cwd: this.#home, env: serverEnvironment(), stdio: 'ignore', ...identity() },
    );
    await waitFor('PostgreSQL to answer', async () => (await this.query('SELECT 1 AS up')).length === 1, {
      timeoutMs: 60_000,
    });
  }

  async query<R extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
    database = 'postgres',
  ): Promise<R[]> {
    const client = new pg.Client({ connectionString: this.urlOf(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<R>(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** SIGINT takes the clients' goodbyes, SIGQUIT is a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.#home, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#home, 'data');
  }
}

function binaries(): string {
  return join(postgresBinaries(postgresUser()), 'bin');
}

function identity(): { uid?: number; gid?: number } {
  const user = postgresUser();
  return user ? { uid: user.uid, gid: user.gid } : {};
}

/** Gives a data directory to the user that PostgreSQL runs as. */
function own(path: string): void {
  const user = postgresUser();
  if (!user) return;
  chownSync(path, user.uid, user.gid);
  for (const entry of readdirSync(path, { recursive: true }))
    chownSync(join(path, String(entry)), user.uid, user.gid);
}
