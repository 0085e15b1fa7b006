import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaTable } from '@hasivu/delta';
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
}

/** A sink in a process of its own, with its topics, its folder of the bucket and its configuration. */
export class SinkFixture implements AsyncDisposable {
  readonly kafka: TopicPrefix;
  readonly lake: BucketPrefix;
  readonly #folder: string;
  readonly #config: string;
  #running: SpawnedService | null = null;

  private constructor(kafka: TopicPrefix, lake: BucketPrefix, folder: string, config: string) {
    this.kafka = kafka;
    this.lake = lake;
    this.#folder = folder;
    this.#config = config;
  }

  static async create(label: string, config: SinkConfig = {}): Promise<SinkFixture> {
    const kafka = topicPrefix(label);
    const lake = bucketPrefix(label);
    const folder = await mkdtemp(join(tmpdir(), 'lake-sink-test-'));
    const path = join(folder, 'hasivu.yaml');
    const { accessKeyId, secretAccessKey } = lake;
    const sink = new SinkFixture({ ...kafka }, { ...lake, accessKeyId, secretAccessKey }, folder, path);
    await sink.configure(config);
    return sink;
  }

  /** Replaces the configuration; it holds from the next start. */
  async configure(config: SinkConfig): Promise<void> {
    const { kafka } = this;
    const { endpoint, bucket, prefix, region } = this.lake;
    await writeFile(
      this.#config,
      JSON.stringify({
        version: 1,
        kafka: { brokers: kafka.brokers, registry: kafka.registry, prefix: kafka.prefix },
        lake: {
          endpoint,
          bucket,
          prefix,
          region,
          accessKeyId: 'env:LAKE_KEY',
          secretAccessKey: 'env:LAKE_SECRET',
          flush: { intervalMs: 200, ...config.flush },
        },
        tables: config.tables ?? {},
        pipelines: config.pipelines ?? [],
        lineage: { intervalMs: 1000 },
      }),
    );
  }

  get service(): SpawnedService {
    if (this.#running === null) throw new Error('the sink was not started');
    return this.#running;
  }

  async start(failpoint = ''): Promise<SpawnedService> {
    const { accessKeyId, secretAccessKey } = this.lake;
    this.#running = await spawnService('lake-sink', this.#config, {
      env: { LAKE_KEY: accessKeyId, LAKE_SECRET: secretAccessKey, HASIVU_FAILPOINT: failpoint },
    });
    if (failpoint === '') await this.#running.waitReady();
    return this.#running;
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
  ): Promise<DeltaSnapshot> {
    return waitFor(
      `${root}: ${what}`,
      async () => {
        if (!this.service.running)
          throw new Error(`the sink ended: ${this.service.output.slice(-5).join('\n')}`);
        const snapshot = await readDelta(this.lake, root);
        return snapshot !== null && holds(snapshot) ? snapshot : null;
      },
      { timeoutMs: 40_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.kafka[Symbol.asyncDispose]();
    await this.lake[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
