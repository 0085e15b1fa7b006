import type pg from 'pg';

import type { PostgresTarget } from './connection-options.ts';
import { openClient } from './open-client.ts';
import { mapPostgresError } from './postgres-error.ts';

export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[];

/** An ordinary session for catalog queries and DDL. A broken session throws at its next query. */
export class CatalogSession {
  /** The server of this session alone: for sessions that have to be on the same one. */
  readonly target: PostgresTarget;
  readonly #client: pg.Client;
  readonly #failed: { error?: Error };

  private constructor(client: pg.Client, target: PostgresTarget, failed: { error?: Error }) {
    this.#client = client;
    this.target = target;
    this.#failed = failed;
  }

  /** On the first server of the target that is there and wanted. */
  static async open(target: PostgresTarget): Promise<CatalogSession> {
    const failed: { error?: Error } = {};
    const opened = await openClient(target, false, (error) => {
      failed.error ??= error;
    });
    return new CatalogSession(opened.client, opened.target, failed);
  }

  /** Rows as `pg` decodes them: text, int4 and bool natively, int8 as string. */
  async query<Row extends object>(
    doing: string,
    sql: string,
    values: readonly SqlValue[] = [],
  ): Promise<Row[]> {
    try {
      if (this.#failed.error) throw this.#failed.error;
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
    return this.#failed.error === undefined;
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
