/** What Debezium writes into Kafka: JSON without schemas, or Avro through a registry. */
export type DebeziumFormat =
  | { readonly type: 'json' }
  /** `registryUrl`: address of an Apicurio registry, any of its APIs: `http://host:port/apis/ccompat/v7`. */
  | { readonly type: 'avro'; readonly registryUrl: string };

export interface DebeziumSettings {
  /** `postgres://user:password@host:port/database` of a role that may replicate. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  /** Topics are `<prefix>.<schema>.<table>`. */
  readonly topicPrefix: string;
  /** `schema.table` each. */
  readonly tables: readonly string[];
  /** Made by the caller, with the tables in it. */
  readonly publication: string;
  /** Where it exists already, its backlog is read; else it is made. */
  readonly slot: string;
  /** `no_data` reads the slot alone, `initial` copies the tables first. */
  readonly snapshotMode: 'no_data' | 'initial';
  readonly format: DebeziumFormat;
  /** Partitions of the topics that Connect makes; 1 when left out. */
  readonly partitions?: number;
  /** More connector properties, over the ones here. */
  readonly properties?: Readonly<Record<string, string>>;
}

export type Properties = Readonly<Record<string, string | number | boolean>>;

/**
 * Properties of the worker. The batch sizes follow the tuning that published comparisons use: the producer's defaults
 * would cost Debezium twice the requests.
 */
export function workerProperties(
  settings: DebeziumSettings,
  facts: { readonly pluginPath: readonly string[]; readonly offsetsFile: string; readonly port: number },
): Properties {
  return {
    'bootstrap.servers': settings.brokers.join(','),
    'plugin.path': facts.pluginPath.join(','),
    'offset.storage.file.filename': facts.offsetsFile,
    'offset.flush.interval.ms': 10_000,
    listeners: `http://127.0.0.1:${facts.port}`,
    'topic.creation.enable': true,
    'producer.linger.ms': 20,
    'producer.batch.size': 512_000,
    ...converter('key.converter', settings.format),
    ...converter('value.converter', settings.format),
  };
}

/** Properties of the connector: one task, tuned for a backlog. */
export function connectorProperties(name: string, settings: DebeziumSettings): Properties {
  const url = new URL(settings.databaseUrl);
  return {
    name,
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': 1,
    'plugin.name': 'pgoutput',
    'database.hostname': url.hostname,
    'database.port': url.port || '5432',
    'database.user': decodeURIComponent(url.username),
    'database.password': decodeURIComponent(url.password),
    'database.dbname': url.pathname.slice(1),
    'topic.prefix': settings.topicPrefix,
    'table.include.list': settings.tables.map((table) => table.replaceAll('.', '\\.')).join(','),
    'publication.name': settings.publication,
    'publication.autocreate.mode': 'disabled',
    'slot.name': settings.slot,
    'snapshot.mode': settings.snapshotMode,
    'max.batch.size': 20_000,
    'max.queue.size': 80_000,
    'poll.interval.ms': 50,
    'topic.creation.default.replication.factor': 1,
    'topic.creation.default.partitions': settings.partitions ?? 1,
    ...settings.properties,
  };
}

/** A Java properties file; backslashes are its escape character. */
export function propertiesText(properties: Properties): string {
  const lines = Object.entries(properties).map(
    ([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}`,
  );
  return `${lines.join('\n')}\n`;
}

function converter(role: string, format: DebeziumFormat): Properties {
  if (format.type === 'json')
    return { [role]: 'org.apache.kafka.connect.json.JsonConverter', [`${role}.schemas.enable`]: false };
  return {
    [role]: 'io.apicurio.registry.utils.converter.AvroConverter',
    [`${role}.apicurio.registry.url`]: new URL('/apis/registry/v2', format.registryUrl).href,
    [`${role}.apicurio.registry.auto-register`]: true,
    [`${role}.apicurio.registry.find-latest`]: false,
    // Confluent's framing: a zero byte and four of the schema's id, as every other record here.
    [`${role}.apicurio.registry.as-confluent`]: true,
    [`${role}.apicurio.registry.use-id`]: 'contentId',
    [`${role}.apicurio.registry.headers.enabled`]: false,
  };
}
