import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { PlatformError } from '@hasivu/errors';
import { findProgram, installCommand } from '../install-command.ts';
import type { Report } from '../report.ts';
import { cachedDirectory } from './cache-directory.ts';
import { runTool } from './run-tool.ts';

const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

export interface MavenOptions {
  readonly cache: string;
  readonly report: Report;
  readonly env: NodeJS.ProcessEnv;
  readonly javaHome: string | null;
}

/** What a pom asks for: its dependencies, theirs included, as files in one directory of the cache. */
export interface MavenArtifacts {
  /** Path of the pom; its text is the version of the cached directory. */
  readonly pom: string;
  /** Name of the cached directory. */
  readonly name: string;
  /** Name for people, in progress lines and errors. */
  readonly label: string;
  /** Directory below the cached one for the files, where a program looks for directories of jars. */
  readonly into?: string;
}

/** Downloads a pom's dependencies once; returns the cached directory. */
export async function mavenArtifacts(artifacts: MavenArtifacts, options: MavenOptions): Promise<string> {
  return await copyDependencies(artifacts, options, () => Promise.resolve());
}

/** Kafka's jars; returns the directory with all of them. */
export async function kafkaJars(options: MavenOptions): Promise<string> {
  return await mavenArtifacts({ pom: ownPom('kafka'), name: 'kafka', label: 'Apache Kafka' }, options);
}

/** The schema registry, unpacked; returns the directory with `quarkus-run.jar`. */
export async function registryDistribution(options: MavenOptions): Promise<string> {
  const artifacts = { pom: ownPom('registry'), name: 'registry', label: 'schema registry' };
  return await copyDependencies(artifacts, options, async (directory) => {
    const doing = 'unpacking the schema registry';
    const script = 'for archive in *.tar.gz; do tar xzf "$archive" && rm "$archive"; done';
    await runTool('sh', ['-ec', script], { doing, code: 'STACK_DOWNLOAD_FAILED', cwd: directory });
  });
}

function ownPom(name: string): string {
  return join(import.meta.dirname, '../..', `${name}.pom.xml`);
}

async function copyDependencies(
  { pom, name, label, into = '.' }: MavenArtifacts,
  options: MavenOptions,
  then: (directory: string) => Promise<void>,
): Promise<string> {
  const recipe = readFileSync(pom, 'utf8');
  return await cachedDirectory({ ...options, name, label, recipe }, async (directory) => {
    const doing = `downloading ${label}`;
    const maven = findProgram('mvn', options.env['PATH'] ?? '');
    if (maven === null) {
      const why = `Maven is missing; install it with: ${installCommand('maven', options.env['PATH'])}`;
      throw new PlatformError('STACK_MAVEN_MISSING', { doing, why });
    }
    const env = options.javaHome === null ? options.env : { ...options.env, JAVA_HOME: options.javaHome };
    const goal = [`${DEPENDENCY_PLUGIN}:copy-dependencies`, `-DoutputDirectory=${join(directory, into)}`];
    await runTool(maven, ['-q', '-B', '-f', pom, ...localRepository(options.cache), ...goal], {
      doing,
      code: 'STACK_DOWNLOAD_FAILED',
      env,
    });
    await then(directory);
  });
}

/**
 * Maven keeps its own downloads in `.m2` of the home directory that the system's user list gives, whatever HOME says. A
 * system account may have none, and then they go into the cache.
 */
function localRepository(cache: string): string[] {
  return existsSync(userInfo().homedir) ? [] : [`-Dmaven.repo.local=${join(cache, 'maven-repository')}`];
}
