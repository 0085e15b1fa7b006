import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { externalParts } from './external-parts.ts';
import { choosePorts } from './free-ports.ts';
import { cacheDirectory } from './prepare/cache-directory.ts';
import { javaRuntimes } from './prepare/java.ts';
import { kafkaJars, registryDistribution } from './prepare/maven.ts';
import { postgresBinaries, sharedDirectory } from './prepare/postgres-binaries.ts';
import { postgresVersion, type PostgresVersion } from './postgres-version.ts';
import { pythonEnvironment } from './prepare/python-environment.ts';
import type { Report } from './report.ts';
import { readJson, stateFiles, writePrivateJson } from './state-directory.ts';
import { PORT_COUNT, type LastingFacts, type StackPlan } from './stack-plan.ts';
import { canReach, postgresUser, type SystemUser } from './unprivileged-user.ts';

export interface PlanOptions {
  readonly stateDirectory: string;
  readonly mode: StackPlan['mode'];
  readonly ephemeral: boolean;
  readonly report: Report;
  readonly env: NodeJS.ProcessEnv;
}

/** Downloads what is missing and decides everything the keeper needs: programs, directories, ports, credentials. */
export async function makePlan(options: PlanOptions): Promise<StackPlan> {
  const { stateDirectory, report, env } = options;
  const external = externalParts(env);
  const cache = cacheDirectory(env);
  const needsJava = external.kafka === null || external.registry === null;
  const python = { requirements: 'requirements.txt', label: 'SeaweedFS', cache, report, env };
  // One after the other: the downloads share one line to the world, and their progress is read by a person.
  const java = needsJava ? await javaRuntimes(cache, report, env) : null;
  const maven = { cache, report, env, javaHome: java?.mavenHome ?? null };
  const kafka =
    java === null || external.kafka !== null
      ? null
      : { java: java.kafka, libDirectory: await kafkaJars(maven) };
  const registry =
    java === null || external.registry !== null
      ? null
      : { java: java.registry, directory: await registryDistribution(maven) };
  const s3 = external.s3 !== null ? null : { weed: join(await pythonEnvironment(python), 'bin', 'weed') };
  return {
    mode: options.mode,
    ephemeral: options.ephemeral,
    stateDirectory,
    startedAt: new Date().toISOString(),
    controlToken: randomBytes(24).toString('base64url'),
    facts: await lastingFacts(stateDirectory),
    external,
    postgres: external.postgres === null ? postgresTools(stateDirectory, postgresVersion(env)) : null,
    kafka,
    registry,
    s3,
  };
}

function postgresTools(stateDirectory: string, version: PostgresVersion): NonNullable<StackPlan['postgres']> {
  const user = postgresUser();
  const native = postgresBinaries(user, version);
  return { version, native, dataDirectory: postgresDataDirectory(stateDirectory, user, version), user };
}

/** Inside the state directory, or, where the user PostgreSQL runs as cannot walk there, in a shared place. */
export function postgresDataDirectory(
  stateDirectory: string,
  user: SystemUser | null,
  version: PostgresVersion,
): string {
  // A server refuses the data of another version, so each has its own.
  const name = version === 18 ? 'postgres' : `postgres-${version}`;
  if (user === null || canReach(stateDirectory, user)) return join(stateDirectory, name);
  const hash = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 12);
  return join(sharedDirectory(`hasivu-stack-${hash}`), name);
}

async function lastingFacts(stateDirectory: string): Promise<LastingFacts> {
  const { facts } = stateFiles(stateDirectory);
  const known = readJson(facts) as LastingFacts | null;
  const chosen: LastingFacts = {
    postgresPassword: known?.postgresPassword ?? randomBytes(18).toString('base64url'),
    accessKeyId: known?.accessKeyId ?? randomBytes(10).toString('hex'),
    secretAccessKey: known?.secretAccessKey ?? randomBytes(24).toString('base64url'),
    ports: await choosePorts(PORT_COUNT, known?.ports),
  };
  writePrivateJson(facts, chosen);
  return chosen;
}
