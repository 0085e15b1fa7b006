import { SESSION_SETTINGS } from '@hasivu/pgoutput';

// A role or database may carry limits meant for applications; a snapshot or a stream outlives any of them.
const UNLIMITED = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'transaction_timeout',
];

/** Run first in every session: one text form of all values, and no time limits. */
export const SESSION_SQL = [
  ...Object.entries(SESSION_SETTINGS).map(([name, value]) => `SET ${name} TO '${value}'`),
  `SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN (${UNLIMITED.map((n) => `'${n}'`).join(', ')})`,
].join('; ');
