import { WireConnection, tableParts, type CatalogSession, type TableParts } from '@hasivu/postgres';

import type { SourceDependencies } from '../source-dependencies.ts';
import { waitPatiently } from './lock-patience.ts';

/**
 * Connections that all see one exported snapshot. The tables are locked against DDL before the snapshot is taken: a
 * rewrite in between would make a table look empty to it.
 */
export class SnapshotConnections {
  readonly all: readonly WireConnection[];
  readonly #first: WireConnection;

  /** Server process that holds the locks. */
  readonly lockPid: number;

  private constructor(first: WireConnection, others: readonly WireConnection[], lockPid: number) {
    this.#first = first;
    this.all = [first, ...others];
    this.lockPid = lockPid;
  }

  /**
   * Opens the transactions and takes the locks, all of them in the first.
   * @param lockTables quoted names, separated by commas
   */
  static async open(
    dependencies: SourceDependencies,
    session: CatalogSession,
    lockTables: string,
  ): Promise<SnapshotConnections> {
    const { target } = session;
    const count = dependencies.settings.postgres.snapshotConnections;
    const opened = await Promise.allSettled(
      Array.from({ length: count }, () => WireConnection.open(target, { replication: false })),
    );
    const connections = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      for (const one of opened) if (one.status === 'rejected') throw one.reason;
      const [first, ...others] = connections as [WireConnection, ...WireConnection[]];
      // Before the transaction: a snapshot can only be imported into one that has run no query.
      const pid = await first.serverPid();
      for (const connection of connections) {
        await connection.query(
          'opening the snapshot transaction',
          'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        );
      }
      const doing = 'locking the tables to copy';
      await waitPatiently({ dependencies, session, pid, holding: [], doing }, () =>
        first.query(doing, `LOCK TABLE ${lockTables} IN ACCESS SHARE MODE`),
      );
      return new SnapshotConnections(first, others, pid);
    } catch (error) {
      await Promise.all(connections.map((connection) => connection.close()));
      throw error;
    }
  }

  /** Lets every connection see the exported snapshot; afterwards its exporter may go. Returns it as the server prints it. */
  async importSnapshot(name: string): Promise<string> {
    for (const connection of this.all) {
      await connection.query('importing the exported snapshot', `SET TRANSACTION SNAPSHOT '${name}'`);
    }
    const [row] = await this.#first.query('describing the snapshot', 'SELECT pg_current_snapshot()::text');
    return row?.[0] ?? '';
  }

  async parts(oids: readonly number[]): Promise<TableParts> {
    return await tableParts(this.#first, oids);
  }

  /** Makes connections that wait for rows look up: their copying is to stop. */
  interrupt(): void {
    for (const connection of this.all) connection.interrupt();
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((connection) => connection.close()));
  }
}
