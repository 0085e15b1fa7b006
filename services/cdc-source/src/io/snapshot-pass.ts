import type { TransactionalProducer } from '@hasivu/kafka';
import type { WireConnection } from '@hasivu/postgres';

import type { Progress } from '../core/progress-record.ts';
import { copyRecordKey, serializeCopyRecord } from '../core/snapshot/copy-record.ts';
import { finished, type PlannedTable, type RangeTask } from '../core/snapshot/pass-plan.ts';
import { RangeSet } from '../core/snapshot/range-set.ts';
import { currentPass, isComplete } from '../core/snapshot/table-copy.ts';
import { failpoint } from '../failpoints.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { CopyReport } from './copy-report.ts';
import type { DurableEvents } from './durable-events.ts';
import { RangeCopier, type CopiedTable, type RangeCopierOptions } from './range-copier.ts';
import type { SourceLineage } from './source-lineage.ts';

export interface SnapshotPassOptions {
  readonly dependencies: SourceDependencies;
  readonly openOutbox: RangeCopierOptions['openOutbox'];
  readonly progressTopic: string;
  readonly connections: readonly WireConnection[];
  /** One per connection. */
  readonly producers: readonly TransactionalProducer[];
  readonly durable: DurableEvents;
  readonly lineage: SourceLineage | null;
  readonly report: CopyReport;
  readonly tables: readonly PlannedTable[];
  readonly tasks: readonly RangeTask[];
  readonly copied: ReadonlyMap<string, CopiedTable>;
  /** As it was committed at the begin of the pass. */
  readonly progress: Progress;
  /** Makes connections that wait for rows look up. */
  readonly interrupt: () => void;
}

/**
 * Copies the ranges of one pass, each connection the next one that is left. A range's rows commit together with the
 * connection's record that has it: readers see a range once, whole, or not at all.
 */
export class SnapshotPass {
  readonly #options: SnapshotPassOptions;
  readonly #tasks: RangeTask[];
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** What is committed, the ranges in the sets of the tables' copies included. */
  #progress: Progress;
  #lastCommit: Promise<void> = Promise.resolve();

  constructor(options: SnapshotPassOptions) {
    this.#options = options;
    this.#tasks = [...options.tasks].reverse();
    this.#progress = options.progress;
    this.#signal = AbortSignal.any([options.dependencies.signal, this.#stop.signal]);
  }

  /** Returns the progress with every table done. The first failure stops all connections. */
  async run(): Promise<Progress> {
    const { connections, tables, interrupt } = this.#options;
    this.#signal.addEventListener('abort', interrupt, { once: true });
    try {
      for (const table of tables) if (isComplete(table.copy)) await this.#finish(table);
      const ended = await Promise.allSettled(
        connections.map((connection, i) =>
          this.#work(connection, i).catch((error: unknown) => this.#fail(error)),
        ),
      );
      for (const one of ended) if (one.status === 'rejected') throw this.#stop.signal.reason ?? one.reason;
      await this.#lastCommit;
      return this.#progress;
    } finally {
      this.#signal.removeEventListener('abort', interrupt);
    }
  }

  #fail(error: unknown): never {
    this.#stop.abort(error);
    throw error;
  }

  async #work(connection: WireConnection, number: number): Promise<void> {
    const { dependencies, producers, copied, report, lineage, progressTopic, progress } = this.#options;
    const { settings, metrics, alive } = dependencies;
    const producer = producers[number] as TransactionalProducer;
    const copier = new RangeCopier({
      connection,
      producer,
      sendBytes: settings.sendBytes,
      oversize: settings.postgres.oversize,
      openOutbox: this.#options.openOutbox,
      transactionTimeoutMs: settings.transactionTimeoutMs,
      alive,
      signal: this.#signal,
    });
    const key = Buffer.from(copyRecordKey(progress.slot, number));
    const done = new Map<string, RangeSet>();
    for (let task = this.#tasks.pop(); task; task = this.#tasks.pop()) {
      const { table, range } = task;
      const part = table.copy.parts[range.part];
      const reads = copied.get(table.name);
      if (!part || !reads) throw new Error(`no part ${range.part} of ${table.name}`);
      producer.begin();
      const result = await copier.copy({
        copied: reads,
        part,
        range: part.pages === null ? null : range,
        rows: task.rows,
        lsn: currentPass(table.copy).lsn,
        firstSeq: task.firstSeq,
      });
      let ranges = done.get(table.name);
      if (!ranges) done.set(table.name, (ranges = new RangeSet(currentPass(table.copy).seen.size)));
      ranges.add(task.number);
      const record = serializeCopyRecord(progress, done);
      producer.append(progressTopic, 0, key, 0, key.length, record, 0, record.length, Date.now());
      failpoint('range-uncommitted');
      await producer.commit();
      failpoint('range-committed');
      metrics.copied(table.name, result.rows, result.bytes, result.inexact);
      lineage?.durable(reads.table.schema, result.rows);
      currentPass(table.copy).seen.add(task.number);
      report.rangeDone(task, result);
      if (isComplete(table.copy)) await this.#finish(table);
    }
  }

  /** Commits that a table is done; one after the other, since there is one producer for it. */
  async #finish(table: PlannedTable): Promise<void> {
    const tables = new Map(this.#progress.tables);
    tables.set(table.name, finished({ lsn: table.coveredLsn, oid: table.oid }));
    const progress = (this.#progress = { ...this.#progress, tables });
    const commit = this.#lastCommit.then(() => this.#options.durable.commit(progress, 0));
    this.#lastCommit = commit;
    await commit;
    this.#options.report.tableDone(table.name);
  }
}
