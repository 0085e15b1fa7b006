import { isAfter, type ChangePosition } from './change-position.ts';
import { flushReason, type FlushLimits, type FlushReason } from './flush-policy.ts';
import { MAX_FETCHED_PARTITIONS, TARGET, type RowBatch } from './row-batch.ts';

/** One topic's rows that are not durable: batches that are being filled, and those of the flush that runs. */
export class OpenBatches {
  /** By target bits; more than one only while a table catches up after a crash. */
  #open = new Map<number, RowBatch>();
  #sealed: readonly RowBatch[] = [];
  /** The last TRUNCATE seen before the first row: batches of tables with a key start from it. */
  #earlyTruncate: ChangePosition | null = null;
  #heldBytes = 0;
  #isCrowded = false;

  /** Bytes that its batches held when they were last weighed: asked for often, and of hundreds of tables. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get hasRows(): boolean {
    for (const batch of this.#open.values()) if (batch.rows > 0) return true;
    return false;
  }

  at(targets: number): RowBatch | undefined {
    return this.#open.get(targets);
  }

  open(batch: RowBatch): void {
    this.#open.set(batch.targets, batch);
    if (this.#earlyTruncate !== null && (batch.targets & ~TARGET.log) !== 0)
      batch.noteTruncate(this.#earlyTruncate);
  }

  noteEarlyTruncate(position: ChangePosition): void {
    if (this.#earlyTruncate === null || isAfter(position, this.#earlyTruncate))
      this.#earlyTruncate = position;
  }

  /** A batch has as many partition files as it may: the next row waits, also of what was fetched with it. */
  get isCrowded(): boolean {
    return this.#isCrowded;
  }

  /** Told after each row, where a look at every batch would cost more than the row. */
  noteAppended(batch: RowBatch): void {
    if (batch.openPartitions >= MAX_FETCHED_PARTITIONS) this.#isCrowded = true;
  }

  /** Why they should be flushed now, or null. */
  due(limits: FlushLimits, nowMs: number): FlushReason | null {
    for (const batch of this.#open.values()) {
      const reason = flushReason(batch, limits, nowMs);
      if (reason !== null) return reason;
    }
    return null;
  }

  /** Takes the batches for a flush, in its order: a table that catches up must have its old rows before its new ones. */
  seal(): readonly RowBatch[] {
    this.#sealed = [...this.#open.values()].sort((left, right) => left.targets - right.targets);
    this.#open = new Map();
    this.#isCrowded = false;
    return this.#sealed;
  }

  /** What was sealed is durable. */
  settle(): void {
    this.#sealed = [];
    this.weigh();
  }

  drop(): void {
    this.#open = new Map();
    this.#isCrowded = false;
    this.settle();
  }

  weigh(): void {
    let held = 0;
    for (const batch of this.#open.values()) held += batch.heldBytes;
    for (const batch of this.#sealed) held += batch.heldBytes;
    this.#heldBytes = held;
  }
}
