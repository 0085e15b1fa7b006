import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { OUTCOMES } from './core/outcome.ts';
import type { TransactionTotals } from './core/transaction-totals.ts';

/** Metrics of the stream processor. Everything is counted when its transaction is committed. */
export class ProcessorMetrics {
  readonly #rows: Counter<'pipeline' | 'outcome'>;
  readonly #quarantined: Counter<'pipeline' | 'rule'>;
  readonly #deadLetters: Counter<'topic'>;
  readonly #commitSeconds: Histogram;

  /**
   * @param lagRows records between the position and the end, over all partitions; asked for at each scrape
   * @param lagSeconds age of the newest record read while records wait; 0 when none does
   */
  constructor(registry: Registry, lagRows: () => number, lagSeconds: () => number) {
    const registers = [registry];
    this.#rows = new Counter({
      name: 'hasivu_processor_rows_total',
      help: 'Source events processed, by pipeline and by what became of them; durable in Kafka',
      labelNames: ['pipeline', 'outcome'],
      registers,
    });
    this.#quarantined = new Counter({
      name: 'hasivu_quarantined_rows_total',
      help: 'Rows in a quarantine topic, by pipeline and rule; a row counts for each rule it broke',
      labelNames: ['pipeline', 'rule'],
      registers,
    });
    this.#deadLetters = new Counter({
      name: 'hasivu_dead_letters_total',
      help: 'Records in a dead-letter topic because they could not be decoded, by source topic',
      labelNames: ['topic'],
      registers,
    });
    this.#commitSeconds = new Histogram({
      name: 'hasivu_processor_commit_seconds',
      help: 'Time to flush and commit one Kafka transaction with its offsets',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    new Gauge({
      name: 'hasivu_processor_lag_rows',
      help: 'Records between the position of the processor and the end of its source topics',
      registers,
      collect() {
        this.set(lagRows());
      },
    });
    new Gauge({
      name: 'hasivu_processor_lag_seconds',
      help: 'Age of the newest record read while records wait; 0 when none does',
      registers,
      collect() {
        this.set(lagSeconds());
      },
    });
  }

  /** Shows the pipelines from the start, so that a rate over their counters is never without a series. */
  announce(pipelines: readonly string[]): void {
    for (const pipeline of pipelines)
      for (const outcome of OUTCOMES) this.#rows.inc({ pipeline, outcome }, 0);
  }

  committed(seconds: number, totals: TransactionTotals): void {
    this.#commitSeconds.observe(seconds);
    for (const [topic, records] of totals.deadLetters) this.#deadLetters.inc({ topic }, records);
    for (const [pipeline, { outcomes, rules }] of totals.pipelines) {
      for (const outcome of OUTCOMES)
        if (outcomes[outcome] > 0) this.#rows.inc({ pipeline, outcome }, outcomes[outcome]);
      for (const [rule, rows] of rules) this.#quarantined.inc({ pipeline, rule }, rows);
    }
  }
}
