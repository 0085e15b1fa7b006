import * as pg from '../../core/pgoutput-messages.test-data.ts';

/** A row of the modelled table; `body` can lie out of line, so an update need not log it. */
export interface ModelRow {
  readonly n: number;
  readonly body: string;
}

type Rows = Map<number, ModelRow>;
type Change = (rows: Rows) => void;

interface ModelTransaction {
  readonly xid: number;
  readonly keys: ReadonlySet<number>;
  readonly changes: readonly Change[];
  readonly messages: readonly Buffer[];
  readonly truncates: boolean;
  /** The commit record is in the log, and others see it. */
  state: 'running' | 'logged' | 'visible';
}

/** A piece of the log: a whole transaction, or a message outside of any. */
export interface LogRecord {
  /** Where the commit record begins, or the message's position. */
  readonly lsn: bigint;
  readonly endLsn: bigint;
  readonly messages: readonly Buffer[];
}

export const TABLE_OID = 7;
const RELATION = pg.relation({
  oid: TABLE_OID,
  table: 'items',
  columns: [
    { name: 'id', typeOid: 23, key: true },
    { name: 'n', typeOid: 23 },
    { name: 'body', typeOid: 25 },
  ],
});

/**
 * Postgres as far as it matters here: writers lock what they change until others see it; a commit is in the log before
 * anybody sees it, for any length of time; a truncate waits for all who use the table, and all wait for it.
 */
export class ModelledServer {
  readonly log: LogRecord[] = [];
  readonly #start: Rows;
  /** In the order of their commit records. */
  readonly #committed: ModelTransaction[] = [];
  #live: ModelTransaction[] = [];
  #nextXid = 100;
  #lastVisible = 99;
  #lsn = 1000n;
  /** Someone reads under a lock that a truncate has to wait for. */
  readerLocks = false;

  constructor(rows: number) {
    this.#start = new Map(Array.from({ length: rows }, (_, i) => [(i + 1) * 2, { n: 0, body: `b${i}` }]));
  }

  /** Begins a transaction that does a few things, as the numbers say. */
  begin(choices: readonly number[]): void {
    const xid = this.#nextXid++;
    const rows = this.visibleRows();
    const locked = new Set(this.#live.flatMap(({ keys }) => [...keys]));
    const keys = new Set<number>();
    const changes: Change[] = [];
    const messages: Buffer[] = [];
    if (this.#live.some(({ truncates }) => truncates)) return;
    let truncates = false;
    const did = (change: Change, message: Buffer): void => {
      changes.push(change);
      messages.push(message);
      change(rows);
    };
    for (const choice of choices) {
      const kind = choice % 8;
      const key = 1 + ((choice >> 3) % 30);
      const other = 1 + ((choice >> 8) % 40);
      const fresh = `x${xid}.${messages.length}`;
      if (locked.has(key)) continue;
      const row = rows.get(key);
      keys.add(key);
      if (kind === 7 && choice % 2 === 0 && this.#live.length === 0 && !this.readerLocks) {
        truncates = true;
        did((all) => all.clear(), pg.truncate(TABLE_OID));
      } else if (!row) {
        did(
          (all) => all.set(key, { n: xid, body: fresh }),
          pg.insert(TABLE_OID, [`${key}`, `${xid}`, fresh]),
        );
      } else if (kind === 0) {
        did((all) => all.delete(key), pg.remove(TABLE_OID, ['K', [`${key}`, null, null]]));
      } else if (kind <= 2 && !locked.has(other) && !rows.has(other)) {
        keys.add(other);
        const whole = kind === 1;
        const after = { n: xid, body: whole ? fresh : row.body };
        did(
          (all) => {
            all.delete(key);
            all.set(other, after);
          },
          pg.update(
            TABLE_OID,
            [`${other}`, `${xid}`, whole ? fresh : undefined],
            ['K', [`${key}`, null, null]],
          ),
        );
      } else if (kind <= 5) {
        const { body } = row;
        did((all) => all.set(key, { n: xid, body }), pg.update(TABLE_OID, [`${key}`, `${xid}`, undefined]));
      } else {
        did(
          (all) => all.set(key, { n: xid, body: fresh }),
          pg.update(TABLE_OID, [`${key}`, `${xid}`, fresh]),
        );
      }
    }
    this.#live.push({ xid, keys, changes, messages, truncates, state: 'running' });
  }

  /** Writes the commit record of one of the transactions that run. */
  logOne(choice: number): void {
    const running = this.#live.filter(({ state }) => state === 'running');
    const transaction = running[choice % Math.max(1, running.length)];
    if (!transaction) return;
    const lsn = (this.#lsn += 10n);
    transaction.state = 'logged';
    this.#committed.push(transaction);
    const { xid, messages } = transaction;
    this.log.push({
      lsn,
      endLsn: lsn + 5n,
      messages: [pg.begin(lsn, 0n, xid), RELATION, ...messages, pg.commit(lsn, lsn + 5n)],
    });
  }

  /** Lets others see one of the logged transactions. */
  showOne(choice: number): void {
    const logged = this.#live.filter(({ state }) => state === 'logged');
    const transaction = logged[choice % Math.max(1, logged.length)];
    if (!transaction) return;
    transaction.state = 'visible';
    this.#lastVisible = Math.max(this.#lastVisible, transaction.xid);
    this.#live = this.#live.filter((one) => one !== transaction);
  }

  /** Ends everything that is under way. */
  quiesce(): void {
    while (this.#live.some(({ state }) => state === 'running')) this.logOne(0);
    while (this.#live.length > 0) this.showOne(0);
  }

  get writers(): ReadonlySet<number> {
    return new Set(this.#live.map(({ xid }) => xid));
  }

  get truncating(): boolean {
    return this.#live.some(({ truncates }) => truncates);
  }

  message(prefix: string, content: string): void {
    const endLsn = (this.#lsn += 10n);
    this.log.push({ lsn: endLsn - 1n, endLsn, messages: [pg.logical(false, endLsn, prefix, content)] });
  }

  /** As `pg_current_snapshot()` prints it. */
  snapshot(): string {
    const xmax = this.#lastVisible + 1;
    const inProgress = [...this.writers].filter((xid) => xid < xmax);
    return `${Math.min(xmax, ...inProgress)}:${xmax}:${inProgress.join(',')}`;
  }

  visibleRows(): Rows {
    const rows = new Map(this.#start);
    for (const { state, changes } of this.#committed)
      if (state === 'visible') for (const change of changes) change(rows);
    return rows;
  }
}
