import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What a writer means to do in one commit, told by rows: which files that takes may change with every try. */
export interface Operation {
  /** The application's own count of its commits, from 1: the version of the commit's `txn`. */
  readonly seq: number;
  /** Rows that come, with revision 0. */
  readonly add: readonly number[];
  /** Rows that go. */
  readonly drop: readonly number[];
  /** Rows whose revision goes up by one. */
  readonly bump: readonly number[];
}

export type LedgerLine =
  | { readonly intent: Operation }
  /** The library has said that the operation is committed at this version; null: the table's `txn` says so. */
  | { readonly told: number; readonly version: number | null }
  /** The operation is another process's: it took this place in the application's count. */
  | { readonly lost: number }
  | { readonly conflict: string; readonly tries: number }
  | { readonly compacted: number };

/** What one application's processes noted, a JSON line each, written before the next thing is done. */
export class Ledger {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a');
  }

  note(line: LedgerLine): void {
    writeSync(this.#descriptor, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
}

/** Rows of an application by number, with their revisions, once its operations up to `seq` are done. */
export function rowsAfter(lines: readonly LedgerLine[], seq: number): Map<number, number> {
  const rows = new Map<number, number>();
  let done = 0;
  for (const line of lines) {
    // A process that follows a killed one writes the same intent again.
    if (!('intent' in line) || line.intent.seq <= done || line.intent.seq > seq) continue;
    done = line.intent.seq;
    applyOperation(rows, line.intent);
  }
  return rows;
}

export function applyOperation(rows: Map<number, number>, operation: Operation): void {
  for (const n of operation.add) rows.set(n, 0);
  for (const n of operation.drop) rows.delete(n);
  for (const n of operation.bump) rows.set(n, (rows.get(n) as number) + 1);
}

/** The newest operation that was begun, or null. */
export function lastIntent(lines: readonly LedgerLine[]): Operation | null {
  const last = lines.findLast((line) => 'intent' in line);
  return last === undefined ? null : last.intent;
}
