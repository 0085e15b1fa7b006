// Prints the statements that install, or with --remove remove, the event triggers of every configured database: for an
// administrator to run there where the role of the source may not.
import { parseArgs } from 'node:util';

import { loadConfig } from '@hasivu/config';
import { serverList } from '@hasivu/postgres';

import { ddlTriggersOf } from './io/ddl-trigger-guard.ts';
import { settingsOf } from './source-settings.ts';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'hasivu.yaml' },
    remove: { type: 'boolean', default: false },
  },
});
for (const settings of settingsOf(loadConfig(values.config))) {
  const { install, uninstall } = ddlTriggersOf(settings, roleOf(settings.postgres.url));
  if (settings.postgres.name !== undefined) process.stdout.write(`-- database ${settings.postgres.name}\n`);
  process.stdout.write(`${(values.remove ? uninstall : ['BEGIN', ...install, 'COMMIT']).join(';\n')};\n`);
}

/** The role of the source, which has to read what the triggers' messages are known by. */
function roleOf(url: string): string | undefined {
  const name = decodeURIComponent(new URL(serverList(url).urls[0] ?? url).username);
  return name === '' ? undefined : name;
}
