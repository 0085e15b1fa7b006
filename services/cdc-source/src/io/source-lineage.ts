import { describeColumnType, type TableSchema } from '@hasivu/change-events';
import type { IdempotentProducer } from '@hasivu/kafka';
import {
  identityLineage,
  kafkaDataset,
  LineageEmitter,
  postgresDatasetOf,
  type LineageColumn,
  type LineageSnapshot,
} from '@hasivu/lineage-events';

import { tableId } from '../core/table-selection.ts';
import { sameShape } from '../core/table-shape.ts';

export interface SourceLineageOptions {
  readonly namespace: string;
  /** Name of the jobs, up to the table. */
  readonly jobName: string;
  readonly intervalMs: number;
  readonly topic: string;
  readonly producer: IdempotentProducer;
  /** Only host, port and database of it are published. */
  readonly connectionUrl: string;
  readonly brokers: readonly string[];
  readonly onFailure: (error: unknown, failures: number) => void;
}

interface TableRun {
  readonly emitter: LineageEmitter;
  schema: TableSchema;
  topic: string;
  durableRows: number;
}

/** One OpenLineage run per table: Postgres table → topic. It claims only rows that are durable in Kafka (I5). */
export class SourceLineage {
  readonly #options: SourceLineageOptions;
  readonly #runs = new Map<string, TableRun>();

  constructor(options: SourceLineageOptions) {
    this.#options = options;
  }

  /** Starts the run of a table, or tells it of the table's new shape. */
  captured(schema: TableSchema, topic: string): void {
    const name = tableId(schema);
    const known = this.#runs.get(name);
    if (known) {
      const changed = !sameShape(known.schema, schema);
      known.schema = schema;
      if (changed) known.emitter.running();
      return;
    }
    const { namespace, jobName, intervalMs, onFailure } = this.#options;
    const run: TableRun = {
      schema,
      topic,
      durableRows: 0,
      emitter: new LineageEmitter({
        namespace,
        name: `${jobName}.${name}`,
        intervalMs,
        snapshot: () => this.#snapshot(run),
        transport: (key, json) => this.#send(key, json),
        onFailure,
      }),
    };
    this.#runs.set(name, run);
    run.emitter.start();
  }

  /** Rows of a table became durable. */
  durable(schema: TableSchema, rows: number): void {
    const run = this.#runs.get(tableId(schema));
    if (run) run.durableRows += rows;
  }

  async abort(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.emitter.abort()));
  }

  async fail(message: string): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.emitter.fail(message)));
  }

  /** Ends the runs as failed and begins others: what comes now does not follow on what was published before. */
  async interrupted(message: string): Promise<void> {
    const runs = [...this.#runs.values()];
    await this.fail(message);
    this.#runs.clear();
    for (const { schema, topic } of runs) this.captured(schema, topic);
  }

  #snapshot(run: TableRun): LineageSnapshot {
    const { schema, topic } = run;
    const { connectionUrl, brokers } = this.#options;
    const from = postgresDatasetOf(connectionUrl, schema.schema, schema.table);
    const totals = { rows: run.durableRows };
    const columns = schema.columns.map((column): LineageColumn => ({
      name: column.name,
      type: column.pgType,
    }));
    const topicColumns = schema.columns.map((column): LineageColumn => ({
      name: column.name,
      type: describeColumnType(column.type),
    }));
    return {
      inputs: [{ ...from, kind: 'TABLE', columns, totals }],
      outputs: [
        {
          ...kafkaDataset(brokers, topic),
          kind: 'TOPIC',
          columns: topicColumns,
          totals,
          columnLineage: identityLineage(
            from,
            schema.columns.map((column) => column.name),
          ),
        },
      ],
    };
  }

  async #send(key: string, json: string): Promise<void> {
    const { producer, topic } = this.#options;
    const keyBytes = Buffer.from(key);
    const value = Buffer.from(json);
    producer.append(topic, 0, keyBytes, 0, keyBytes.length, value, 0, value.length, Date.now());
    await producer.flush();
  }
}
