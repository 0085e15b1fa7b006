import { join } from 'node:path';

import { cacheDirectory, javaRuntimes, mavenArtifacts, type Report } from '@hasivu/local-stack';

/** Downloads what Spark needs to read Kafka and Avro and to write Delta tables, once; returns the directory of jars. */
export async function sparkJars(report: Report, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const cache = cacheDirectory(env);
  const java = await javaRuntimes(cache, report, env);
  const pom = join(import.meta.dirname, '..', 'spark.pom.xml');
  const artifacts = { pom, name: 'spark-delta', label: 'Spark connectors' };
  return await mavenArtifacts(artifacts, { cache, report, env, javaHome: java.mavenHome });
}
