import { setTimeout as sleep } from 'node:timers/promises';

import { topicNames } from '@hasivu/change-events';
import { Debezium, installConnect } from '@hasivu/peers';
import { stack, topicPrefix, type TopicPrefix } from '@hasivu/testing';

import { SourceUnderTest, type SeenRecord } from '../source-under-test.ts';
import { createTableSql, DEFINITIONS, SUBJECTS } from './subject-tables.ts';

/** What makes Debezium comparable; `docs/debezium-differences.md` says why. */
export const DEBEZIUM_PROPERTIES: Readonly<Record<string, string>> = {
  'provide.transaction.metadata': 'true',
  'skipped.operations': 'none',
  'field.name.adjustment.mode': 'avro',
  'schema.name.adjustment.mode': 'avro',
  'include.unknown.datatypes': 'true',
};

const POLL_MS = 100;
const CAUGHT_UP_WITHIN_MS = 600_000;

/** This source and Debezium over one database, each with a slot and topics of its own, from before the load. */
export class BothConnectors implements AsyncDisposable {
  readonly source: SourceUnderTest;
  readonly #debezium: Debezium;
  readonly #debeziumTopics: TopicPrefix;

  private constructor(source: SourceUnderTest, debezium: Debezium, topics: TopicPrefix) {
    this.source = source;
    this.#debezium = debezium;
    this.#debeziumTopics = topics;
  }

  /** @param fill writes the rows that both are to copy */
  static async start(fill: (source: SourceUnderTest) => Promise<void>): Promise<BothConnectors> {
    const report = (line: string): void => void process.stderr.write(`differential: ${line}\n`);
    const installation = await installConnect(report);
    const source = await SourceUnderTest.create('differential');
    const topics = topicPrefix('debezium');
    await source.sql(DEFINITIONS);
    for (const subject of SUBJECTS) await source.sql(createTableSql(subject));
    const tables = [...SUBJECTS.map(({ sql }) => sql), 'settled'].join(', ');
    await source.sql(
      `CREATE PUBLICATION cdc FOR TABLE ${tables} WITH (publish_via_partition_root, publish_generated_columns = stored)`,
    );
    // What is larger than this is streamed to this source while it is in progress.
    await source.sql(`ALTER DATABASE "${source.database.name}" SET logical_decoding_work_mem = '64kB'`);
    await fill(source);
    const debezium = await Debezium.start(installation, {
      databaseUrl: source.database.url,
      brokers: stack().kafka.brokers,
      topicPrefix: topics.prefix,
      tables: [...SUBJECTS.map(({ id }) => id), 'public.settled'],
      publication: 'cdc',
      slot: `${source.slot}_dbz`,
      snapshotMode: 'initial',
      format: { type: 'avro', registryUrl: source.topics.registry },
      properties: DEBEZIUM_PROPERTIES,
    });
    const both = new BothConnectors(source, debezium, topics);
    try {
      const tables = SUBJECTS.map(({ id }) => id);
      await Promise.all([
        debezium.waitRunning(),
        source.start({ tables, postgres: 'transactionTopic: true' }),
      ]);
      await both.settled();
    } catch (error) {
      await both[Symbol.asyncDispose]();
      throw error;
    }
    return both;
  }

  /** Waits until everything committed so far is in Kafka, from both. */
  async settled(): Promise<void> {
    await this.source.settled(CAUGHT_UP_WITHIN_MS);
    const [row] = await this.source.sql<{ n: string }>('SELECT count(*) AS n FROM settled');
    const topic = this.debeziumTopic('public.settled');
    const deadline = performance.now() + CAUGHT_UP_WITHIN_MS;
    // A failed task ends the wait at once.
    while ((await this.#written(topic)) < BigInt(row?.n ?? 0)) {
      await this.#debezium.taskState();
      if (performance.now() > deadline) throw new Error(`Debezium fell behind:\n${this.#debezium.log}`);
      await sleep(POLL_MS);
    }
  }

  async #written(topic: string): Promise<bigint> {
    const there = (await this.source.allTopics()).includes(topic);
    return there ? await this.source.committedRecords(topic) : 0n;
  }

  ourTopic(id: string): string {
    return topicNames(this.source.topics.prefix).change(...split(id));
  }

  debeziumTopic(id: string): string {
    return topicNames(this.#debeziumTopics.prefix).change(...split(id));
  }

  get prefixes(): { readonly ours: string; readonly debezium: string } {
    return { ours: this.source.topics.prefix, debezium: this.#debeziumTopics.prefix };
  }

  records(topic: string): Promise<SeenRecord[]> {
    return this.source.records(topic);
  }

  get debeziumLog(): string {
    return this.#debezium.log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#debezium.stop();
    await this.#debeziumTopics[Symbol.asyncDispose]();
    await this.source[Symbol.asyncDispose]();
  }
}

function split(id: string): [string, string] {
  const at = id.indexOf('.');
  return [id.slice(0, at), id.slice(at + 1)];
}
