import type { PostgresConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import { CatalogSession, quoteTable } from '@hasivu/postgres';

/** A signal to the source of a configuration, in Debezium's form. */
export interface OutgoingSignal {
  readonly id: string;
  readonly type: 'execute-snapshot' | 'stop-snapshot' | 'pause-snapshot' | 'resume-snapshot';
  readonly data: object;
  /** Has a condition: SQL, which is not taken from every door. */
  readonly isConditional: boolean;
}

/**
 * Writes a signal where the source reads it in the order of its log: into a logical message, or into the signal table
 * where messages are not followed or may not have what this one has. A source that is not running follows it once it is.
 */
export async function sendSignal(postgres: PostgresConfig, signal: OutgoingSignal): Promise<void> {
  const { url, tls, slot, signalTable, signalMessages } = postgres;
  const session = await CatalogSession.open({ url, tls, applicationName: 'hasivu-snapshot' });
  try {
    const slots = await session.query(
      'looking for the replication slot',
      'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND database = current_database()',
      [slot],
    );
    if (slots.length === 0)
      throw new PlatformError('CLI_SOURCE_UNKNOWN', {
        doing: `sending a signal to the source "${slot}"`,
        why: `the database has no replication slot "${slot}", so nobody would read the signal`,
      });
    const { id, type, data, isConditional } = signal;
    if (signalMessages === 'all' || (signalMessages === 'unconditional' && !isConditional)) {
      const content = JSON.stringify({ id, type, data });
      await session.query(
        'sending a signal',
        "SELECT pg_logical_emit_message(true, 'hasivu.signal', $1::text)",
        [content],
      );
    } else if (signalTable !== undefined) {
      const dot = signalTable.indexOf('.');
      const table = quoteTable({ schema: signalTable.slice(0, dot), table: signalTable.slice(dot + 1) });
      await session.query('sending a signal', `INSERT INTO ${table} VALUES ($1, $2, $3)`, [
        id,
        type,
        JSON.stringify(data),
      ]);
    } else {
      throw new PlatformError('CONFIG_INVALID', {
        doing: 'sending a signal',
        why: isConditional
          ? 'a condition is SQL that runs with the rights of the source: set source.postgres.signalTable, which only some may write, or signalMessages to all'
          : 'source.postgres has signalMessages: off and no signalTable, so there is no way to send one',
      });
    }
  } finally {
    await session.close();
  }
}
