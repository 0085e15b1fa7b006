import type { HasivuConfig } from '@hasivu/config';
import { topicNames } from '@hasivu/change-events';
import { IdempotentProducer, type KafkaCluster } from '@hasivu/kafka';
import {
  identityLineage,
  kafkaDataset,
  LineageEmitter,
  fileDataset,
  s3Dataset,
  type LineageOutput,
  type LineageSnapshot,
} from '@hasivu/lineage-events';
import { describeType } from '@hasivu/delta';
import { generatedNames } from '../core/generated-columns.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import type { LakeTable } from './lake-table.ts';
import type { TopicTables } from './topic-tables.ts';

interface TableTotals {
  readonly tables: TopicTables;
  readonly emitter: LineageEmitter;
  rows: number;
}

/** How long an event may take before it counts as lost. */
const DELIVERY_MS = 10_000;

/** Lineage of the sink, one job per topic; told only of what is committed, and never in the way of it. */
export class SinkLineage {
  readonly #config: HasivuConfig;
  readonly #cluster: KafkaCluster;
  #producer: Promise<IdempotentProducer> | null = null;
  readonly #onFailure: (error: unknown) => void;
  readonly #totals = new Map<string, TableTotals>();

  constructor(config: HasivuConfig, cluster: KafkaCluster, onFailure: (error: unknown) => void) {
    this.#config = config;
    this.#cluster = cluster;
    this.#onFailure = onFailure;
  }

  /** Called after a commit. */
  durable(binding: TopicBinding, tables: TopicTables, rows: number): void {
    if (!this.#config.lineage.enabled) return;
    const known = this.#totals.get(binding.topic);
    if (known !== undefined) {
      known.rows += rows;
      return;
    }
    const totals: TableTotals = { tables, emitter: this.#emitterOf(binding), rows };
    this.#totals.set(binding.topic, totals);
    totals.emitter.start();
  }

  async end(): Promise<void> {
    await Promise.all([...this.#totals.values()].map(({ emitter }) => emitter.abort()));
    const producer = await this.#producer?.catch(() => null);
    await producer?.close().catch(this.#onFailure);
  }

  #emitterOf(binding: TopicBinding): LineageEmitter {
    const { namespace, intervalMs } = this.#config.lineage;
    return new LineageEmitter({
      namespace,
      name: `lake-sink.${binding.table}`,
      intervalMs,
      snapshot: () => this.#snapshot(binding),
      transport: (key, json) => this.#send(key, json),
      onFailure: this.#onFailure,
    });
  }

  #snapshot(binding: TopicBinding): LineageSnapshot {
    const totals = this.#totals.get(binding.topic) as TableTotals;
    const topic = kafkaDataset(this.#config.kafka.brokers, binding.topic);
    const row = totals.tables.shape?.rowFields ?? [];
    const columns = row.map((column) => ({ name: column.name, type: describeType(column.type) }));
    const { log, state, histories } = totals.tables;
    const written = new Set([log, state, ...histories.map(({ table }) => table)]);
    const outputs = [...written].flatMap((table) =>
      table === null || !table.exists ? [] : [this.#output(table, binding, totals.rows)],
    );
    return { inputs: [{ ...topic, kind: 'TOPIC', columns, totals: { rows: totals.rows } }], outputs };
  }

  #output(table: LakeTable, binding: TopicBinding, rows: number): LineageOutput {
    const { bucket = '', folder, prefix } = this.#config.lake as NonNullable<HasivuConfig['lake']>;
    const from = kafkaDataset(this.#config.kafka.brokers, binding.topic);
    const fields = table.schema?.fields ?? [];
    const computed = generatedNames(table.delta.state);
    const copied = fields
      .filter((column) => !column.name.startsWith('_') && !computed.has(column.name))
      .map((column) => column.name);
    return {
      ...(folder === undefined
        ? s3Dataset(bucket, `${prefix}/${table.root}`)
        : fileDataset(`${folder}/${prefix}/${table.root}`)),
      kind: 'TABLE',
      columns: fields.map((column) => ({ name: column.name, type: describeType(column.type) })),
      storage: { layer: 'delta', format: 'parquet' },
      version: String(table.delta.state.version),
      totals: { rows },
      columnLineage: identityLineage(from, copied),
    };
  }

  async #send(key: string, json: string): Promise<void> {
    this.#producer ??= this.#openProducer();
    const producer = await this.#producer;
    const keyBytes = Buffer.from(key);
    const value = Buffer.from(json);
    try {
      producer.append(this.#topic, 0, keyBytes, 0, keyBytes.length, value, 0, value.length, Date.now());
      await producer.flush();
    } catch (error) {
      this.#producer = null;
      await producer.close().catch(() => undefined);
      throw error;
    }
  }

  get #topic(): string {
    return topicNames(this.#config.kafka.prefix).lineage;
  }

  /** A producer of its own, whose troubles hold up nobody; after a failure the next event opens another. */
  async #openProducer(): Promise<IdempotentProducer> {
    try {
      await this.#cluster.ensureTopics([{ topic: this.#topic, partitions: 1 }]);
      return await IdempotentProducer.open(this.#cluster, { deliveryTimeoutMs: DELIVERY_MS });
    } catch (error) {
      this.#producer = null;
      throw error;
    }
  }
}
