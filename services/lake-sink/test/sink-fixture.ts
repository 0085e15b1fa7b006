import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaTable, type AddFile } from '@hasivu/delta';
import { createS3Store } from '@hasivu/object-store';
import {
  bucketPrefix,
  spawnService,
  topicPrefix,
  waitFor,
  type BucketPrefix,
  type SpawnedService,
  type TopicPrefix,
} from '@hasivu/testing';
import { readDelta, type DeltaSnapshot } from './read-delta.ts';

export interface SinkConfig {
  readonly tables?: Record<string, unknown>;
  readonly pipelines?: readonly unknown[];
  readonly flush?: Record<string, number>;
  readonly deletionVectors?: Record<string, unknown>;
  readonly columnMapping?: 'onDemand' | 'never';
  /** For a keeper of the same tables. */
  readonly maintenance?: Record<string, unknown>;
  readonly capacity?: Record<string, number>;
  readonly group?: Record<string, string | number>;
  /** Another way to the same store. */
  readonly endpoint?: string;
}

/** Marks rows deleted wherever the policy has a say, so that small tables show what large ones do. */
export const MARK_ALWAYS = { minTableBytes: 0, minFileBytes: 0 };

/** A sink in a process of its own, with its topics, its folder of the bucket and its configuration. */
export class SinkFixture implements AsyncDisposable {
  readonly kafka: TopicPrefix;
  readonly lake: BucketPrefix;
  readonly #folder: string;
  #running: SpawnedService | null = null;

  private constructor(kafka: TopicPrefix, lake: BucketPrefix, folder: string) {
    this.kafka = kafka;
    this.lake = lake;
    this.#folder = folder;
  }

  static async create(label: string, config: SinkConfig = {}): Promise<SinkFixture> {
    const kafka = topicPrefix(label);
    const lake = bucketPrefix(label);
    const folder = await mkdtemp(join(tmpdir(), 'lake-sink-test-'));
    const { accessKeyId, secretAccessKey } = lake;
    const fixture = new SinkFixture({ ...kafka }, { ...lake, accessKeyId, secretAccessKey }, folder);
    await fixture.configure(config);
    return fixture;
  }

  /** The next start has this configuration. */
  async configure(config: SinkConfig): Promise<void> {
    const { endpoint, bucket, prefix, region } = this.lake;
    await writeFile(
      this.configPath,
      JSON.stringify({
        version: 1,
        kafka: { brokers: this.kafka.brokers, registry: this.kafka.registry, prefix: this.kafka.prefix },
        lake: {
          endpoint: config.endpoint ?? endpoint,
          bucket,
          prefix,
          region,
          accessKeyId: 'env:LAKE_KEY',
          secretAccessKey: 'env:LAKE_SECRET',
          flush: { intervalMs: 200, ...config.flush },
          deletionVectors: config.deletionVectors ?? {},
          columnMapping: config.columnMapping ?? 'onDemand',
          ...(config.maintenance === undefined ? {} : { maintenance: config.maintenance }),
          ...(config.capacity === undefined ? {} : { capacity: config.capacity }),
          ...(config.group === undefined ? {} : { group: config.group }),
        },
        tables: config.tables ?? {},
        pipelines: config.pipelines ?? [],
        lineage: { intervalMs: 1000 },
      }),
    );
  }

  get configPath(): string {
    return join(this.#folder, 'hasivu.yaml');
  }

  get service(): SpawnedService {
    if (this.#running === null) throw new Error('the sink was not started');
    return this.#running;
  }

  async start(failpoint = ''): Promise<SpawnedService> {
    this.#running = await this.spawn(failpoint);
    if (failpoint === '') await this.#running.waitReady();
    return this.#running;
  }

  /** One more, which the caller stops. */
  spawn(failpoint = ''): Promise<SpawnedService> {
    const { accessKeyId, secretAccessKey } = this.lake;
    return spawnService('lake-sink', this.configPath, {
      env: { LAKE_KEY: accessKeyId, LAKE_SECRET: secretAccessKey, HASIVU_FAILPOINT: failpoint },
    });
  }

  /** Rows that deletion vectors take out of the table's files. */
  async marked(root: string): Promise<number> {
    return (await this.#files(root)).reduce((sum, file) => sum + (file.deletionVector?.cardinality ?? 0), 0);
  }

  /** Keys of the objects under a folder of the lake. */
  async keys(folder: string): Promise<string[]> {
    const store = createS3Store(this.lake);
    const keys: string[] = [];
    try {
      for await (const { key } of store.list(folder)) keys.push(key);
    } finally {
      store.close();
    }
    return keys;
  }

  /** Sizes of the table's data files, by path. */
  async dataFiles(root: string): Promise<Map<string, number>> {
    return new Map((await this.#files(root)).map(({ path, size }) => [path, size]));
  }

  /** Data files that each commit added, of those that added any. */
  async filesAdded(root: string): Promise<number[]> {
    const store = createS3Store(this.lake);
    try {
      const counts: number[] = [];
      for (const key of (await this.keys(`${root}/_delta_log/`)).filter((name) => name.endsWith('.json'))) {
        const lines = Buffer.from((await store.get(key)) ?? [])
          .toString()
          .split('\n');
        counts.push(lines.filter((line) => line.startsWith('{"add":')).length);
      }
      return counts.filter((count) => count > 0);
    } finally {
      store.close();
    }
  }

  async #files(root: string): Promise<readonly AddFile[]> {
    const store = createS3Store(this.lake);
    try {
      const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: () => 'reader' });
      return [...(table?.state.files.values() ?? [])];
    } finally {
      store.close();
    }
  }

  /** Waits until a table's `txn` for a partition of the topic has this offset. */
  async offsets(root: string, topic: string, least: Readonly<Record<number, number>>): Promise<void> {
    const store = createS3Store(this.lake);
    try {
      await waitFor(`${root} to hold the offsets of ${topic}`, async () => {
        if (!this.service.running)
          throw new Error(`the sink ended: ${this.service.output.slice(-5).join('\n')}`);
        const table = await DeltaTable.open(root, { store, nowMs: Date.now, newId: () => 'reader' });
        return Object.entries(least).every(
          ([partition, offset]) =>
            (table?.state.txns.get(`lake-sink-${topic}-${partition}`)?.version ?? -1) >= offset,
        );
      });
    } finally {
      store.close();
    }
  }

  async read(root: string): Promise<DeltaSnapshot> {
    const snapshot = await readDelta(this.lake, root);
    if (snapshot === null) throw new Error(`there is no table ${root}`);
    return snapshot;
  }

  /** Polls until the table has what is wanted, as deltalake reads it. */
  async until(
    root: string,
    what: string,
    holds: (snapshot: DeltaSnapshot) => boolean,
    timeoutMs = 40_000,
  ): Promise<DeltaSnapshot> {
    return waitFor(
      `${root}: ${what}`,
      async () => {
        if (!this.service.running)
          throw new Error(`the sink ended: ${this.service.output.slice(-5).join('\n')}`);
        const snapshot = await readDelta(this.lake, root);
        return snapshot !== null && holds(snapshot) ? snapshot : null;
      },
      { timeoutMs },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.kafka[Symbol.asyncDispose]();
    await this.lake[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
