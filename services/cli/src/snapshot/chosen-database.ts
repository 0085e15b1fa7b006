import { capturedDatabases, type CapturedDatabase, type HasivuConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';

/**
 * The database that a command is about: the only one of the file, or the one with that name.
 * @throws PlatformError CONFIG_INVALID where the file has none, CLI_USAGE where the name is missing or unknown
 */
export function chosenDatabase(config: HasivuConfig, path: string, name?: string): CapturedDatabase {
  const databases = capturedDatabases(config);
  if (databases.length === 0)
    throw new PlatformError('CONFIG_INVALID', {
      doing: `reading the configuration ${path}`,
      why: '/source/postgres is missing: a snapshot needs a source',
    });
  const fitting = name === undefined ? databases : databases.filter((database) => database.name === name);
  const [chosen] = fitting;
  if (chosen && fitting.length === 1) return chosen;
  const known = databases.map((database) => database.name ?? '(without a name)').join(', ');
  throw new PlatformError('CLI_USAGE', {
    doing: 'reading the command line',
    why:
      name === undefined
        ? `${path} has several databases: say with --source which one is meant, of ${known}`
        : `${path} has no database of the name ${name}, but ${known}`,
  });
}
