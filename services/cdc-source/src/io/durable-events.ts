import { OPERATIONS } from '../core/captured-table.ts';
import type { Progress } from '../core/progress-record.ts';
import type { SourceMetrics } from '../metrics.ts';
import type { ProgressProducer } from './progress-producer.ts';
import type { SourceLineage } from './source-lineage.ts';
import type { TableCompiler } from './table-compiler.ts';

/** Commits Kafka transactions and tells metrics and lineage what became durable: afterwards, never before. */
export class DurableEvents {
  readonly #sink: ProgressProducer;
  readonly #compiler: TableCompiler;
  readonly #metrics: SourceMetrics;
  readonly #lineage: SourceLineage | null;

  constructor(
    sink: ProgressProducer,
    compiler: TableCompiler,
    metrics: SourceMetrics,
    lineage: SourceLineage | null,
  ) {
    this.#sink = sink;
    this.#compiler = compiler;
    this.#metrics = metrics;
    this.#lineage = lineage;
  }

  /** @param transactions source transactions that end in this Kafka transaction */
  async commit(progress: Progress, transactions: number): Promise<void> {
    const bytes = this.#sink.bytes;
    const startedMs = performance.now();
    await this.#sink.commit(progress);
    this.#metrics.committed((performance.now() - startedMs) / 1000, bytes, transactions);
    for (const table of this.#compiler.tables.values()) {
      let rows = 0;
      for (let i = 0; i < OPERATIONS.length; i++) rows += table.counts[i] as number;
      if (rows > 0) this.#lineage?.durable(table.schema, rows);
    }
    this.#metrics.rowsDurable(this.#compiler.tables.values());
  }
}
