import pg from 'pg';

import type { SeededRandom } from '@hasivu/testing';
import { poolOf } from './value-pool.ts';
import { ident, SUBJECTS, type Subject } from './subject-tables.ts';

/** Rows that one statement touches at most, and that a table has at most before more is deleted than inserted. */
const MOST_ROWS = 12;
const CROWDED = 400;
const WIDE_CHANCE = 0.3;

export interface LoadOptions {
  readonly url: string;
  readonly random: SeededRandom;
  /** Rows in every pool. */
  readonly poolRows: number;
  /** Called ahead of and behind each change of a table's shape; resolves when both connectors have read everything. */
  readonly quiet: () => Promise<void>;
}

/** Random transactions over all subjects. What is written is in the server alone; the driver knows only how much. */
export class RandomLoad implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #other: pg.Client;
  readonly #random: SeededRandom;
  readonly #options: LoadOptions;
  /** Rows of each subject, about. */
  readonly #rows = new Map<string, number>();
  #shape = 1;
  #messages = 0;
  /** Rows that committed statements have changed, and tables that they have emptied. */
  changes = 0;

  private constructor(options: LoadOptions) {
    this.#options = options;
    this.#random = options.random;
    this.#client = new pg.Client({ connectionString: options.url });
    this.#other = new pg.Client({ connectionString: options.url });
  }

  static async open(options: LoadOptions): Promise<RandomLoad> {
    const load = new RandomLoad(options);
    await Promise.all([load.#client.connect(), load.#other.connect()]);
    return load;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#client.end(), this.#other.end()]);
  }

  /** Some rows in every table. */
  async fill(rows: number): Promise<void> {
    for (const subject of SUBJECTS) await this.#client.query(this.#insert(subject, 1, rows));
  }

  /** Goes on until so many changes are committed. */
  async run(changes: number, shapeEvery: number): Promise<void> {
    let nextShape = shapeEvery;
    while (this.changes < changes) {
      await this.#transaction();
      if (this.changes < nextShape) continue;
      nextShape += shapeEvery;
      await this.#evolve();
    }
  }

  async #transaction(): Promise<void> {
    const random = this.#random;
    const kind = random.next();
    if (kind < 0.03) return await this.#commit([this.#truncate()]);
    if (kind < 0.35) return await this.#commit(this.#statements(1));
    if (kind < 0.38) return await this.#commit([this.#message(false)]);
    if (kind < 0.42) {
      await this.#run([
        'BEGIN',
        ...this.#statements(3),
        this.#message(false),
        this.#message(true),
        'ROLLBACK',
      ]);
      return;
    }
    if (kind < 0.5) return await this.#overlapping();
    let changed = await this.#run(['BEGIN', ...this.#statements(4)]);
    if (random.next() < 0.3) {
      const undone = random.next() < 0.5;
      const inner = await this.#run([
        'SAVEPOINT a',
        ...this.#statements(2),
        undone ? 'ROLLBACK TO a' : 'RELEASE a',
      ]);
      if (!undone) changed += inner;
    }
    if (random.next() < 0.2) await this.#run([this.#message(random.next() < 0.8)]);
    changed += await this.#run([...this.#statements(2), 'COMMIT']);
    this.changes += changed;
  }

  /** A transaction that begins before and commits behind another one: they share the log, not the order of commits. */
  async #overlapping(): Promise<void> {
    let changed = await this.#run(['BEGIN', ...this.#statements(2)]);
    for (const subject of this.#some(2)) {
      const sql = this.#insert(subject, ...this.#poolRange());
      changed += await this.#run([sql], this.#other);
    }
    changed += await this.#run([...this.#statements(2), 'COMMIT']);
    this.changes += changed;
  }

  /** A transaction of its own. */
  async #commit(statements: readonly string[]): Promise<void> {
    this.changes += await this.#run(statements);
  }

  async #run(statements: readonly string[], client = this.#client): Promise<number> {
    const result = (await client.query(statements.join(';\n'))) as unknown as
      pg.QueryResult | pg.QueryResult[];
    return [result]
      .flat()
      .reduce((sum, { command, rowCount }) => sum + (WRITES.has(command) ? (rowCount ?? 0) : 0), 0);
  }

  #some(most: number): Subject[] {
    return Array.from({ length: this.#random.between(1, most) }, () => this.#random.pick(DECK));
  }

  #statements(most: number): string[] {
    return this.#some(most).map((subject) => this.#statement(subject));
  }

  #statement(subject: Subject): string {
    const random = this.#random;
    const { may } = subject;
    const rows = this.#rows.get(subject.id) ?? 0;
    const crowded = rows > CROWDED;
    const choice = random.next();
    if (may.delete && choice < (crowded ? 0.5 : 0.1)) {
      const count = random.between(1, MOST_ROWS);
      this.#rows.set(subject.id, Math.max(0, rows - count));
      return `DELETE FROM ${subject.sql} WHERE ${this.#someRows(subject, count)}`;
    }
    if (may.rekey && choice < (crowded ? 0.6 : 0.2)) return this.#rekey(subject);
    if (may.update && choice < 0.65) return this.#update(subject);
    return this.#insert(subject, ...this.#poolRange());
  }

  #poolRange(): [number, number] {
    const from = this.#random.between(1, this.#options.poolRows);
    return [from, from + this.#random.between(0, MOST_ROWS - 1)];
  }

  #someRows(subject: Subject, count: number): string {
    const [key = ''] = subject.numbered.map(ident);
    const rows = Math.max(1, this.#rows.get(subject.id) ?? 0);
    const skip = this.#random.between(0, rows - 1);
    return `${key} IN (SELECT ${key} FROM ${subject.sql} ORDER BY ${key} OFFSET ${skip} LIMIT ${count})`;
  }

  #insert(subject: Subject, from: number, to: number): string {
    // A column that is left out takes its default.
    const defaults = this.#random.next() < 0.2;
    const filled = subject.filled.filter(
      ({ declaration }) => !(defaults && declaration.includes(' DEFAULT ')),
    );
    const names = [...subject.numbered, ...filled.map(({ name }) => name)].map(ident);
    const numbers = subject.numbered.map(() => `nextval('ids')`);
    const values = [...numbers, ...filled.map(({ name }) => `p.${ident(name)}`)];
    this.#rows.set(subject.id, (this.#rows.get(subject.id) ?? 0) + to - from + 1);
    return `INSERT INTO ${subject.sql} (${names.join(', ')}) SELECT ${values.join(', ')}
      FROM ${poolOf(subject)} p WHERE i BETWEEN ${from} AND ${to}`;
  }

  #update(subject: Subject): string {
    const random = this.#random;
    const wide = random.next() < WIDE_CHANCE;
    const chosen = random
      .shuffled(subject.filled)
      .slice(0, wide ? subject.filled.length : random.between(1, 2));
    const names = chosen.map(({ name }) => ident(name)).join(', ');
    const row = random.between(1, this.#options.poolRows);
    return `UPDATE ${subject.sql} SET (${names}) = (SELECT ${names} FROM ${poolOf(subject)} WHERE i = ${row})
      WHERE ${this.#someRows(subject, random.between(1, MOST_ROWS))}`;
  }

  #rekey(subject: Subject): string {
    const column = ident(this.#random.pick(subject.numbered));
    return `UPDATE ${subject.sql} SET ${column} = nextval('ids') WHERE ${this.#someRows(subject, this.#random.between(1, 4))}`;
  }

  #truncate(): string {
    const subjects = [...new Set(this.#some(3))];
    for (const { id } of subjects) this.#rows.set(id, 0);
    this.changes += subjects.length;
    return `TRUNCATE ${subjects.map(({ sql }) => sql).join(', ')}`;
  }

  #message(transactional: boolean): string {
    const prefix = this.#random.pick(['audit', 'audit.more', 'ünï', '']);
    const content = `'${++this.#messages} ${'x'.repeat(this.#random.between(0, 40))}'`;
    const bytes = this.#random.next() < 0.5 ? `${content}::text` : `convert_to(${content}, 'UTF8')`;
    return `SELECT pg_logical_emit_message(${transactional}, '${prefix}', ${bytes})`;
  }

  /** The shape of `evolving` changes; a name is never used twice. */
  async #evolve(): Promise<void> {
    const random = this.#random;
    const { rows } = await this.#client.query<{ name: string; type: string }>(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns
       WHERE table_name = 'evolving' AND column_name LIKE 'c%' ORDER BY ordinal_position`,
    );
    const name = `c${++this.#shape}`;
    const column = random.pick(rows.length > 0 ? rows : [{ name: '', type: '' }]);
    const added = ['int', 'text', 'varchar(10)', "text NOT NULL DEFAULT 'new'", 'numeric(8,2) DEFAULT 1.50'];
    const change = ((): string => {
      if (rows.length < 3) return `ADD COLUMN ${name} ${random.pick(added)}`;
      if (column.type === 'integer') return `ALTER COLUMN ${column.name} TYPE bigint`;
      if (column.type === 'character varying')
        return `ALTER COLUMN ${column.name} TYPE varchar(${random.between(20, 90)})`;
      return random.next() < 0.5 ? `RENAME COLUMN ${column.name} TO ${name}` : `DROP COLUMN ${column.name}`;
    })();
    await this.#options.quiet();
    await this.#client.query(`ALTER TABLE evolving ${change}`);
    const subject = SUBJECTS.find(({ id }) => id === 'public.evolving') as Subject;
    // The first change of a shape is of each kind in turn: a delete brings no row in the new shape.
    const first = random.pick([
      this.#update(subject),
      `DELETE FROM evolving WHERE ${this.#someRows(subject, 3)}`,
    ]);
    await this.#commit([first]);
    await this.#commit([this.#insert(subject, ...this.#poolRange())]);
    await this.#options.quiet();
  }
}

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE']);
/** How often each subject comes up. */
const DECK = SUBJECTS.flatMap((subject) =>
  Array.from(
    { length: subject.id === 'public.every_type' ? 3 : subject.id === 'public.unidentified' ? 1 : 2 },
    () => subject,
  ),
);
