import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  python,
  spawnService,
  stack,
  testDatabase,
  type SpawnedService,
  type TestDatabase,
} from '@hasivu/testing';
import type pg from 'pg';
import { parse, stringify } from 'yaml';

export type ServiceUnderTest = 'cdc-source' | 'stream-processor' | 'lake-sink';

export interface PipelineOptions {
  readonly name: string;
  readonly tables: readonly string[];
  readonly pipelines?: readonly object[];
  readonly tableSettings?: Readonly<Record<string, object>>;
  /** A database on a server of the test's own, in the place of one on the stack. */
  readonly database?: TestDatabase;
  /** More of `source.postgres`. */
  readonly source?: object;
}

/** One of several databases of the file. */
export interface NamedDatabase {
  readonly name: string;
  readonly url: string;
}

/** A database, a topic prefix and a lake prefix of its own, and the services over them, on the test stack. */
export class PipelineUnderTest implements AsyncDisposable {
  readonly database: TestDatabase;
  readonly configPath: string;
  readonly lakePrefix: string;
  readonly #dir: string;
  readonly #services = new Map<ServiceUnderTest, SpawnedService>();
  readonly #uses: readonly ServiceUnderTest[];

  private constructor(
    database: TestDatabase,
    dir: string,
    configPath: string,
    lakePrefix: string,
    uses: readonly ServiceUnderTest[],
  ) {
    this.database = database;
    this.#dir = dir;
    this.configPath = configPath;
    this.lakePrefix = lakePrefix;
    this.#uses = uses;
  }

  static async create(options: PipelineOptions): Promise<PipelineUnderTest> {
    const facts = stack();
    const database = options.database ?? (await testDatabase(options.name));
    const unique = `${options.name}_${process.pid}_${Date.now().toString(36)}`;
    const dir = join(import.meta.dirname, '..', '..', '.hasivu', 'e2e', unique);
    mkdirSync(dir, { recursive: true });
    const config = {
      version: 1,
      source: {
        postgres: {
          url: database.url,
          tables: options.tables,
          publication: unique,
          slot: unique,
          snapshot: 'initial',
          binary: 'auto',
          ...options.source,
        },
      },
      kafka: {
        brokers: facts.kafka.brokers,
        registry: facts.registry.url,
        prefix: unique,
        topics: { partitions: 3 },
      },
      lake: {
        endpoint: facts.s3.endpoint,
        bucket: facts.s3.bucket,
        prefix: unique,
        region: facts.s3.region,
        accessKeyId: facts.s3.accessKeyId,
        secretAccessKey: facts.s3.secretAccessKey,
        flush: { rows: 50_000, intervalMs: 500 },
      },
      tables: options.tableSettings ?? {},
      pipelines: options.pipelines ?? [],
    };
    const configPath = join(dir, 'hasivu.yaml');
    writeFileSync(configPath, stringify(config));
    const uses: ServiceUnderTest[] = [
      'cdc-source',
      ...(options.pipelines?.length ? (['stream-processor'] as const) : []),
      'lake-sink',
    ];
    return new PipelineUnderTest(database, dir, configPath, unique, uses);
  }

  /** Slot, publication, topic prefix and lake prefix. */
  get slot(): string {
    return this.lakePrefix;
  }

  get services(): readonly ServiceUnderTest[] {
    return this.#uses;
  }

  service(name: ServiceUnderTest): SpawnedService {
    const running = this.#services.get(name);
    if (!running) throw new Error(`${name} is not running`);
    return running;
  }

  /** Merges fields over the configuration file, two levels deep and further. */
  reconfigure(override: object): void {
    const config = parse(readFileSync(this.configPath, 'utf8')) as Record<string, unknown>;
    writeFileSync(this.configPath, stringify(merged(config, override as Record<string, unknown>)));
  }

  async startAll(): Promise<void> {
    for (const name of this.#uses) await this.start(name);
  }

  /** Starts a service and waits until it is ready, or has ended. */
  async start(name: ServiceUnderTest, env: Record<string, string> = {}): Promise<SpawnedService> {
    const running = await spawnService(name, this.configPath, { env });
    this.#services.set(name, running);
    await running.waitReady().catch((error: unknown) => {
      if (running.running) throw error;
    });
    return running;
  }

  async kill(name: ServiceUnderTest): Promise<void> {
    await this.service(name).kill();
    this.#services.delete(name);
  }

  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]> {
    return this.database.query<R>(sql, values);
  }

  /** Compares silver with Postgres through foreign readers of both. */
  async compareSilver(table: string, key: readonly string[], of?: NamedDatabase): Promise<SilverComparison> {
    return (await this.#compare('silver', table, key, of)) as SilverComparison;
  }

  /** The same of a table in another folder of the lake, of which rows and columns are to be those of `table`. */
  async lakeEventuallyEquals(
    folder: string,
    table: string,
    key: readonly string[],
    deadlineMs?: number,
  ): Promise<void> {
    await this.eventually(async () => {
      const answer = (await this.#compare('silver', table, key, undefined, folder)) as SilverComparison;
      return answer.equal ? null : `${folder} differs: ${JSON.stringify(answer)}`;
    }, deadlineMs);
  }

  async readBronze(table: string, of?: NamedDatabase): Promise<BronzeReading> {
    return (await this.#compare('bronze', table, [], of)) as BronzeReading;
  }

  /** Waits until `check` gives null; throws its last complaint when the deadline passes. */
  async eventually(check: () => Promise<string | null>, deadlineMs = 120_000): Promise<void> {
    for (const until = Date.now() + deadlineMs; ; await sleep(500)) {
      const complaint = await check().catch((error: Error) => error.message);
      if (complaint === null) return;
      for (const [name, service] of this.#services) {
        if (!service.running) throw new Error(`${name} has ended:\n${service.output.slice(-20).join('\n')}`);
      }
      if (Date.now() > until) throw new Error(`not within ${deadlineMs} ms: ${complaint}`);
    }
  }

  async silverEventuallyEquals(
    table: string,
    key: readonly string[],
    deadlineMs?: number,
    of?: NamedDatabase,
  ): Promise<void> {
    await this.eventually(async () => {
      const answer = await this.compareSilver(table, key, of);
      return answer.equal ? null : `silver of ${table} differs: ${JSON.stringify(answer)}`;
    }, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services.values()) if (service.running) await service.stop();
    await this.database[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #compare(
    mode: 'silver' | 'bronze',
    table: string,
    key: readonly string[],
    of?: NamedDatabase,
    folder = `${mode}/${of ? `${of.name}.` : ''}${table.replace('.', '/')}`,
  ): Promise<unknown> {
    const { s3 } = stack();
    const request = {
      mode,
      table,
      key,
      postgres: of?.url ?? this.database.url,
      uri: `s3://${s3.bucket}/${this.lakePrefix}/${folder}`,
      storage: {
        AWS_ENDPOINT_URL: s3.endpoint,
        AWS_REGION: s3.region,
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_ALLOW_HTTP: 'true',
      },
    };
    return JSON.parse(
      await python(join(import.meta.dirname, 'compare.py'), [], { stdin: JSON.stringify(request) }),
    ) as unknown;
  }
}

export interface SilverComparison {
  readonly equal: boolean;
  readonly source_rows?: number;
  readonly lake_rows?: number;
  readonly reason?: string;
  readonly differing_rows_by_column?: Readonly<Record<string, number>>;
}

export interface BronzeReading {
  readonly source_rows: number;
  readonly ops: Readonly<Record<string, number>>;
  readonly repeated_positions: number;
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = isObject(result[key]) && isObject(value);
    result[key] = both ? merged(result[key] as Record<string, unknown>, value) : value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
