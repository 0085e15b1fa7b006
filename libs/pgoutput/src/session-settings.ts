/**
 * Settings every session that prints values runs with, so that the encoders meet one text form whatever the server's,
 * the role's or the database's own settings are. `search_path` is pinned because names of objects print relative to it.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, YMD',
  timezone: 'UTC',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  lc_monetary: 'C',
  search_path: 'pg_catalog',
};
