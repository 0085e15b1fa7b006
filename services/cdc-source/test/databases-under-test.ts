import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { spawnService, type SpawnedService } from '@hasivu/testing';

import { SourceUnderTest } from './source-under-test.ts';

export interface DatabaseOptions {
  readonly tables: readonly string[];
  /** More lines for its section, as YAML flow. */
  readonly postgres?: string;
  readonly url?: string;
}

/** Several databases that one process captures; each is read as if it were alone. */
export class DatabasesUnderTest implements AsyncDisposable {
  readonly sources: ReadonlyMap<string, SourceUnderTest>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'cdc-databases-'));
  #service: SpawnedService | null = null;

  private constructor(sources: ReadonlyMap<string, SourceUnderTest>) {
    this.sources = sources;
  }

  static async create(...names: readonly string[]): Promise<DatabasesUnderTest> {
    const sources = new Map<string, SourceUnderTest>();
    for (const name of names) sources.set(name, await SourceUnderTest.create(name));
    return new DatabasesUnderTest(sources);
  }

  of(name: string): SourceUnderTest {
    const source = this.sources.get(name);
    if (!source) throw new Error(`no database ${name}`);
    return source;
  }

  async launch(databases: Readonly<Record<string, DatabaseOptions>>): Promise<SpawnedService> {
    const env: Record<string, string> = {};
    const sections = Object.entries(databases).map(([name, options]) => {
      const source = this.of(name);
      const variable = `URL_${name.toUpperCase()}`;
      env[variable] = options.url ?? source.database.url;
      const tables = JSON.stringify([...options.tables, 'public.settled']);
      const more = options.postgres ? `, ${options.postgres}` : '';
      return `{ name: ${name}, prefix: ${source.topics.prefix}, url: "env:${variable}", tables: ${tables}, publication: cdc, slot: ${source.slot}${more} }`;
    });
    const [{ topics } = this.of('')] = this.sources.values();
    const path = join(this.#directory, 'hasivu.yaml');
    writeFileSync(
      path,
      [
        'version: 1',
        `source: { postgres: [${sections.join(', ')}] }`,
        `kafka: { brokers: ${JSON.stringify(topics.brokers)}, registry: ${JSON.stringify(topics.registry)}, prefix: ${topics.prefix} }`,
      ].join('\n'),
    );
    this.#service = await spawnService('cdc-source', path, { env });
    return this.#service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
    for (const source of this.sources.values()) await source[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
