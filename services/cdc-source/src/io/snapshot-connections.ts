import { WireConnection, tableParts, type PostgresTarget, type TableParts } from '@hasivu/postgres';

/**
 * Connections that all see one exported snapshot. The tables are locked against DDL before the snapshot is taken: a
 * rewrite in between would make a table look empty to it.
 */
export class SnapshotConnections {
  readonly all: readonly WireConnection[];
  readonly #first: WireConnection;

  private constructor(first: WireConnection, others: readonly WireConnection[]) {
    this.#first = first;
    this.all = [first, ...others];
  }

  /**
   * Opens the transactions and takes the locks, all of them in the first.
   * @param lockTables quoted names, separated by commas
   */
  static async open(target: PostgresTarget, count: number, lockTables: string): Promise<SnapshotConnections> {
    const opened = await Promise.allSettled(
      Array.from({ length: count }, () => WireConnection.open(target, { replication: false })),
    );
    const connections = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      for (const one of opened) if (one.status === 'rejected') throw one.reason;
      for (const connection of connections) {
        await connection.query(
          'opening the snapshot transaction',
          'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        );
      }
      const [first, ...others] = connections as [WireConnection, ...WireConnection[]];
      await first.query('locking the tables to copy', `LOCK TABLE ${lockTables} IN ACCESS SHARE MODE`);
      return new SnapshotConnections(first, others);
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
