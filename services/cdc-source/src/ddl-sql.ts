// Prints the statements that install, or with --remove remove, the event triggers of the configured source: for an
// administrator to run where the role of the source may not.
import { parseArgs } from 'node:util';

import { loadConfig } from '@hasivu/config';

import { ddlTriggersOf } from './io/ddl-trigger-guard.ts';
import { settingsOf } from './source-settings.ts';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'hasivu.yaml' },
    remove: { type: 'boolean', default: false },
  },
});
const { install, uninstall } = ddlTriggersOf(settingsOf(loadConfig(values.config)));
process.stdout.write(`${(values.remove ? uninstall : ['BEGIN', ...install, 'COMMIT']).join(';\n')};\n`);
