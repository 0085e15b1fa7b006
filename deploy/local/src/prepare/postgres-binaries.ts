import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { postgresPackage, postgresVersion, type PostgresVersion } from '../postgres-version.ts';
import { canReach, type SystemUser } from '../unprivileged-user.ts';

const VAR_TMP = '/var/tmp';

/** The installed PostgreSQL (directory with `bin`, `lib`, `share`), where `user` can run it. */
export function postgresBinaries(
  user: SystemUser | null,
  version: PostgresVersion = postgresVersion(process.env),
): string {
  const installed = installedBinaries(version);
  if (user === null || canReach(join(installed.native, 'bin'), user)) {
    // npm may have been told to run no install scripts, and the libraries' short names are made by one.
    linkLibraries(dirname(installed.native));
    return installed.native;
  }
  const home = sharedDirectory(`hasivu-postgres-${installed.version}`);
  const native = join(home, 'native');
  if (!existsSync(join(native, '.complete'))) {
    const draft = join(home, `draft-${process.pid}`);
    cpSync(installed.native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    linkLibraries(draft);
    mkdirSync(join(draft, 'native', '.complete'));
    rmSync(native, { recursive: true, force: true });
    renameSync(join(draft, 'native'), native);
    rmSync(draft, { recursive: true, force: true });
  }
  return native;
}

/**
 * A directory of ours in a place every user can walk to, for a user who cannot reach the workspace. Someone else's
 * directory of that name could hold anything, so it is refused.
 */
export function sharedDirectory(name: string): string {
  const directory = join(existsSync(VAR_TMP) ? VAR_TMP : tmpdir(), name);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const facts = lstatSync(directory);
  if (!facts.isDirectory() || facts.uid !== process.getuid?.() || (facts.mode & 0o022) !== 0)
    throw new PlatformError('STACK_DIRECTORY_UNSAFE', {
      doing: `using ${directory}`,
      context: { owner: facts.uid },
    });
  return directory;
}

function installedBinaries(version: PostgresVersion): { readonly native: string; readonly version: string } {
  const packageName = postgresPackage(version);
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    const root = dirname(dirname(entry));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: manifest.version };
  } catch (cause) {
    const doing = `looking for the npm package ${packageName}`;
    throw new PlatformError('STACK_PLATFORM_UNSUPPORTED', { doing, cause });
  }
}

function linkLibraries(packageRoot: string): void {
  const list = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as {
    source: string;
    target: string;
  }[]) {
    const link = join(packageRoot, target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}
