import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../../testing/src/seeded-random.ts';
import { conflictOf } from './conflict-of.ts';
import { applyOperation, lastIntent, readLedger, rowsAfter, type Ledger, type Operation } from './ledger.ts';
import type { LiveTable } from './live-table.ts';
import { holdersOf, liveRows, planOperation } from './plan-operation.ts';

/** `twin`: one of two processes that take themselves for the same application, as after a rebalance that went wrong. */
export type WriterRole = 'append' | 'mark' | 'rewrite' | 'twin';

export interface WriterSettings {
  readonly live: LiveTable;
  readonly ledger: Ledger;
  /** Where an earlier process of this writer noted what it did. */
  readonly path: string;
  readonly random: SeededRandom;
  readonly role: WriterRole;
  readonly writer: number;
}

const MOST_ADDED = 8;
const MOST_CHANGED = 20;
/** Rows that a writer that changes rows has, at least, before it changes some. */
const FEW_ROWS = 20;
const MOST_TRIES = 300;

/** One application that writes: it decides what to do by its own rows, and does that until the table has it. */
export class StormWriter {
  readonly #settings: WriterSettings;
  readonly #appId: string;
  #rows: Map<number, number>;
  #nextRow: number;
  /** What an earlier process left undone, or may have done: only the table can tell. */
  #leftOver: Operation | null;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
    this.#appId = appIdOf(settings.writer);
    const lines = readLedger(settings.path);
    const last = lastIntent(lines);
    const seq = this.#tableSeq();
    this.#rows = settings.role === 'twin' ? new Map() : rowsAfter(lines, seq);
    this.#leftOver = last !== null && last.seq > seq && settings.role !== 'twin' ? last : null;
    if (last !== null && last.seq === seq && settings.role !== 'twin')
      settings.ledger.note({ told: seq, version: null });
    this.#nextRow = Math.max(
      0,
      ...lines.flatMap((line) => ('intent' in line ? line.intent.add : [])).map((n) => n + 1),
    );
  }

  /** One operation, begun by this process or by the one before it. */
  async step(): Promise<void> {
    const operation = this.#leftOver ?? this.#chosen();
    this.#leftOver = null;
    this.#settings.ledger.note({ intent: operation });
    await this.#complete(operation);
  }

  async #complete(operation: Operation): Promise<void> {
    const { live, ledger, role, writer, random } = this.#settings;
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      await live.table.refresh();
      if (this.#tableSeq() >= operation.seq) return this.#alreadyThere(operation);
      await this.#checkOwnRows();
      const plan = await planOperation(live, writer, operation, role === 'rewrite' ? 'rewrite' : 'mark');
      const txn = { appId: this.#appId, version: operation.seq, lastUpdated: Date.now() };
      try {
        const version = await live.table.commit({
          actions: [...plan.actions, { txn }],
          operation: operation.add.length > 0 ? 'WRITE' : 'UPDATE',
          ...(plan.reads === undefined ? {} : { reads: plan.reads }),
        });
        ledger.note({ told: operation.seq, version });
        if (role !== 'twin') applyOperation(this.#rows, operation);
        return;
      } catch (error) {
        ledger.note({ conflict: conflictOf(error), tries });
        await sleep(random.between(0, 20 * Math.min(tries, 10)));
      }
    }
    throw new Error(`writer ${writer} lost ${MOST_TRIES} times in a row`);
  }

  /** A dead predecessor's request got to the store after we looked; or the twin was first. */
  #alreadyThere(operation: Operation): void {
    if (this.#settings.role === 'twin') {
      this.#settings.ledger.note({ lost: operation.seq });
      return;
    }
    this.#settings.ledger.note({ told: operation.seq, version: null });
    applyOperation(this.#rows, operation);
  }

  /** Whoever changes rows looks at its files anyway: each of its rows must be there once, as it left it. */
  async #checkOwnRows(): Promise<void> {
    const { live, role, writer } = this.#settings;
    if (role === 'append' || role === 'twin') return;
    const found = new Map<number, number>();
    for (const holder of await holdersOf(live, writer))
      for (const row of liveRows(holder)) {
        if (row.writer !== writer) continue;
        if (found.has(row.n)) throw new Error(`row ${row.n} of writer ${writer} is there twice`);
        found.set(row.n, row.revision);
      }
    for (const [n, revision] of this.#rows)
      if (found.get(n) !== revision) throw new Error(`row ${n} of writer ${writer} is not as it was left`);
    if (found.size !== this.#rows.size) throw new Error(`writer ${writer} has rows that it took out`);
  }

  #chosen(): Operation {
    const { random, role } = this.#settings;
    const seq = this.#tableSeq() + 1;
    const nothing = { add: [], drop: [], bump: [] };
    if (role === 'twin') return { seq, ...nothing, add: [seq] };
    const isAppend = role === 'append' || this.#rows.size < FEW_ROWS || random.between(0, 2) === 0;
    if (isAppend) {
      const add = Array.from({ length: random.between(1, MOST_ADDED) }, () => this.#nextRow++);
      return { seq, ...nothing, add };
    }
    // Neighbours mostly came together, so that few files are touched.
    const own = [...this.#rows.keys()].sort((a, b) => a - b);
    const from = random.between(0, own.length - 1);
    const chosen = own.slice(from, from + random.between(1, MOST_CHANGED));
    return role === 'mark' ? { seq, ...nothing, drop: chosen } : { seq, ...nothing, bump: chosen };
  }

  #tableSeq(): number {
    return this.#settings.live.table.state.txns.get(this.#appId)?.version ?? 0;
  }
}

export function appIdOf(writer: number): string {
  return `writer-${writer}`;
}
