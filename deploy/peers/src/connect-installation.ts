import { join } from 'node:path';

import { cacheDirectory, javaRuntimes, mavenArtifacts, type Report } from '@hasivu/local-stack';

/** Kafka Connect and the plugins that run in it, as they lie in the cache. */
export interface ConnectInstallation {
  readonly java: string;
  readonly workerJars: string;
  /** Directories of plugins: each holds a directory of jars. */
  readonly pluginPath: readonly string[];
}

const PLUGIN = 'plugin';

/** Downloads Kafka Connect, Debezium and the Avro converter from Maven, once, into the cache of the local stack. */
export async function installConnect(
  report: Report,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ConnectInstallation> {
  const cache = cacheDirectory(env);
  const java = await javaRuntimes(cache, report, env);
  const options = { cache, report, env, javaHome: java.mavenHome };
  const pom = (name: string): string => join(import.meta.dirname, '..', `${name}.pom.xml`);
  const worker = { pom: pom('connect'), name: 'connect', label: 'Kafka Connect' };
  const debezium = { pom: pom('debezium'), name: 'debezium', label: 'Debezium', into: PLUGIN };
  const avro = { pom: pom('avro-converter'), name: 'avro-converter', label: 'Avro converter', into: PLUGIN };
  return {
    java: java.kafka,
    workerJars: await mavenArtifacts(worker, options),
    pluginPath: [await mavenArtifacts(debezium, options), await mavenArtifacts(avro, options)],
  };
}
