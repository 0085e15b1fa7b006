import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnService, stack, topicPrefix, type SpawnedService } from '@hasivu/testing';
import { stringify } from 'yaml';

import { END_TABLE } from './cell-load.ts';
import { watchTopics } from './drain-window.ts';
import type { Drain, Scene } from './peer.ts';

/** cdc-source over the scene's table, in a process of its own; disposing stops it and deletes its topics. */
export class HasivuSource implements AsyncDisposable {
  readonly #topics = topicPrefix('bench');
  readonly #directory = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  readonly #nodeArgs: readonly string[] = [];
  #service: SpawnedService | null = null;

  constructor(
    scene: Pick<Scene, 'database' | 'publication' | 'table' | 'partitions' | 'profileDirectory'>,
    snapshot: 'initial' | 'never',
  ) {
    const { kafka, registry } = stack();
    const { profileDirectory } = scene;
    if (profileDirectory !== null) this.#nodeArgs = ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
    const { database, publication, partitions } = scene;
    const tables = [`public.${scene.table}`, `public.${END_TABLE}`];
    const postgres = { url: database.url, tables, publication, slot: this.prefix, snapshot };
    const config = {
      version: 1,
      source: { postgres },
      kafka: { brokers: kafka.brokers, registry: registry.url, prefix: this.prefix, topics: { partitions } },
    };
    writeFileSync(this.#configPath, stringify(config), { mode: 0o600 });
  }

  /** Of the topics; the slot has the same name. */
  get prefix(): string {
    return this.#topics.prefix;
  }

  /** Starts it without waiting. */
  async launch(): Promise<SpawnedService> {
    this.#service = await spawnService('cdc-source', this.#configPath, { nodeArgs: this.#nodeArgs });
    return this.#service;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
    this.#service = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#topics[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #configPath(): string {
    return join(this.#directory, 'hasivu.yaml');
  }
}

/** @throws Error with the end of its log when the service has ended */
export function checkRuns(service: SpawnedService): void {
  if (!service.running) throw new Error(`cdc-source has ended:\n${service.output.slice(-20).join('\n')}`);
}

export async function hasivuDrain(scene: Scene): Promise<Drain> {
  const source = new HasivuSource(scene, 'never');
  // A first life makes the slot and the topics, as any reader of a backlog has had one.
  await (await source.launch()).waitReady();
  await source.stop();
  return {
    run: async (log) => {
      const service = await source.launch();
      return await watchTopics(scene, log, {
        prefix: source.prefix,
        slot: source.prefix,
        pid: service.pid,
        check: () => checkRuns(service),
      });
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
