/** A dataset as OpenLineage names it: unique across every tool that reports to the same backend. */
export interface DatasetName {
  readonly namespace: string;
  readonly name: string;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `postgres://host:port`, `database.schema.table`. No user, no password: the namespace is published. */
export function postgresDataset(
  server: HostPort,
  database: string,
  schema: string,
  table: string,
): DatasetName {
  return { namespace: `postgres://${server.host}:${server.port}`, name: `${database}.${schema}.${table}` };
}

/** As {@link postgresDataset}, from the connection URL; only its host, port and database are used. */
export function postgresDatasetOf(connectionUrl: string, schema: string, table: string): DatasetName {
  const url = new URL(connectionUrl);
  const database = decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username);
  return postgresDataset({ host: url.hostname, port: Number(url.port || 5432) }, database, schema, table);
}

/** `kafka://host:port` of the first bootstrap broker, and the topic. */
export function kafkaDataset(brokers: readonly string[], topic: string): DatasetName {
  return { namespace: `kafka://${brokers[0] ?? 'unknown:9092'}`, name: topic };
}

/** `s3://bucket` and the key path of the table's root, without slashes at its ends. */
export function s3Dataset(bucket: string, path: string): DatasetName {
  return { namespace: `s3://${bucket}`, name: path.replace(/^\/+|\/+$/g, '') };
}

/** A table in a folder of the local or a mounted disk, by its absolute path. */
export function fileDataset(path: string): DatasetName {
  return {
    namespace: 'file',
    name: `/${path
      .split('/')
      .filter((part) => part !== '')
      .join('/')}`,
  };
}

export function sameDataset(a: DatasetName, b: DatasetName): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}
