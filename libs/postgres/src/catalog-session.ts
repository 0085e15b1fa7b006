import pg from 'pg';

import { clientConfigOf, describeTarget, type PostgresTarget } from './connection-options.ts';
import { mapPostgresError } from './postgres-error.ts';
import { SESSION_SQL } from './session-sql.ts';

export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[];

/** An ordinary session for catalog queries and DDL. A broken session throws at its next query. */
export class CatalogSession {
  readonly #client: pg.Client;
  #failure: Error | undefined;

  private constructor(client: pg.Client) {
    this.#client = client;
    client.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  static async open(target: PostgresTarget): Promise<CatalogSession> {
    const client = new pg.Client(clientConfigOf(target, false));
    const session = new CatalogSession(client);
    try {
      await client.connect();
      await client.query(SESSION_SQL);
      return session;
    } catch (error) {
      void client.end().catch(() => undefined);
      throw mapPostgresError(error, `connecting to ${describeTarget(target.url)}`);
    }
  }

  /** Rows as `pg` decodes them: text, int4 and bool natively, int8 as string. */
  async query<Row extends object>(
    doing: string,
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<Row[]> {
    try {
      if (this.#failure) throw this.#failure;
      return (await this.#client.query<Row>(sql, [...values])).rows;
    } catch (error) {
      throw mapPostgresError(error, doing);
    }
  }

  async one<Row extends object>(doing: string, sql: string, values: readonly SqlValue[] = []): Promise<Row> {
    const rows = await this.query<Row>(doing, sql, values);
    const row = rows[0];
    if (!row) throw mapPostgresError(new Error('the query returned no row'), doing);
    return row;
  }

  /** Runs `work` in one transaction: all of it, or nothing when it throws. */
  async transaction(doing: string, work: () => Promise<void>): Promise<void> {
    await this.query(doing, 'BEGIN');
    try {
      await work();
      await this.query(doing, 'COMMIT');
    } catch (error) {
      await this.query(doing, 'ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** True while no error has been seen; the advisory lock of the session lives exactly as long. */
  get healthy(): boolean {
    return this.#failure === undefined;
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
