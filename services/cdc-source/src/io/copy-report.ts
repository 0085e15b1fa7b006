import { CopyMeter, type CopyEstimate } from '../core/snapshot/copy-estimate.ts';
import type { PlannedTable, RangeTask } from '../core/snapshot/pass-plan.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { RangeResult } from './range-copier.ts';

const REPORT_EVERY_MS = 5000;

/** Tells people and monitors how far the copies are: log lines, metrics and the reason of `/readyz`. */
export class CopyReport {
  readonly #dependencies: SourceDependencies;
  readonly #pageBytes: number;
  readonly #tables = new Map<string, CopyMeter>();
  readonly #volumes: ReadonlyMap<string, { readonly total: number; readonly pending: number }>;
  readonly #all: CopyMeter;
  #reportedMs = performance.now();
  #pendingTables: number;

  constructor(
    dependencies: SourceDependencies,
    tables: readonly PlannedTable[],
    tasks: readonly RangeTask[],
    pageBytes: number,
  ) {
    this.#dependencies = dependencies;
    this.#pageBytes = pageBytes;
    const pending = Map.groupBy(tasks, (task) => task.table.name);
    this.#volumes = new Map(
      tables.map((table) => {
        const pages = table.copy.parts.reduce((sum, part) => sum + (part.pages ?? 0), 0);
        const left = (pending.get(table.name) ?? []).reduce((sum, task) => sum + this.#bytesOf(task), 0);
        return [table.name, { total: pages * pageBytes, pending: left }];
      }),
    );
    const totals = [...this.#volumes.values()];
    const total = totals.reduce((sum, one) => sum + one.total, 0);
    const left = totals.reduce((sum, one) => sum + one.pending, 0);
    this.#all = new CopyMeter(total, total - left, performance.now());
    this.#pendingTables = tables.length;
    for (const [name, one] of this.#volumes)
      dependencies.metrics.snapshotBytes(name, one.total - one.pending, one.total);
    dependencies.metrics.snapshotPending(this.#pendingTables);
    this.#tell(this.#all.estimate(performance.now()));
  }

  rangeDone(task: RangeTask, result: RangeResult): void {
    const { name } = task.table;
    const bytes = this.#bytesOf(task);
    const meter = this.#meterOf(name);
    const nowMs = performance.now();
    meter.rangeDone(result.rows, bytes);
    this.#all.rangeDone(result.rows, bytes);
    const estimate = meter.estimate(nowMs);
    this.#dependencies.metrics.snapshotBytes(name, estimate.bytes, estimate.totalBytes);
    const all = this.#all.estimate(nowMs);
    this.#tell(all);
    if (nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#dependencies.logger.info(
      { table: name, ...estimate, secondsLeftInAll: all.secondsLeft },
      'copying',
    );
  }

  tableDone(name: string): void {
    const { rows, bytes, rowsPerSecond } = this.#meterOf(name).estimate(performance.now());
    this.#dependencies.metrics.snapshotPending(--this.#pendingTables);
    this.#dependencies.logger.info({ table: name, rows, bytes, rowsPerSecond }, 'table copied');
  }

  // A table's clock begins with its first range: it waited for the tables before it.
  #meterOf(name: string): CopyMeter {
    let meter = this.#tables.get(name);
    if (!meter) {
      const { total, pending } = this.#volumes.get(name) ?? { total: 0, pending: 0 };
      this.#tables.set(name, (meter = new CopyMeter(total, total - pending, performance.now())));
    }
    return meter;
  }

  #bytesOf({ range, table }: RangeTask): number {
    const end = range.toPage ?? table.copy.parts[range.part]?.pages ?? 0;
    return Math.max(0, end - range.fromPage) * this.#pageBytes;
  }

  #tell({ bytes, totalBytes, rowsPerSecond, secondsLeft }: CopyEstimate): void {
    const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
    const rest = secondsLeft === null ? '' : `, ${rowsPerSecond} rows/s, about ${secondsLeft} s left`;
    this.#dependencies.metrics.snapshotSecondsLeft(secondsLeft ?? 0);
    this.#dependencies.ready(
      false,
      `copying ${this.#pendingTables} tables: ${percent} % of ${totalBytes} bytes${rest}`,
    );
  }
}
