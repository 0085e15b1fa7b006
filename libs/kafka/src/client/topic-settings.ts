/** Settings of topics that are created, each optional. */
export interface TopicSettings {
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly cleanupPolicy?: string;
  readonly retentionMs?: number;
  readonly retentionBytes?: number;
  /** Any other setting, by Kafka's name. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
}

/** `kafka.topics`: settings of every topic, and of those whose name fits a pattern. */
export interface TopicRules extends TopicSettings {
  readonly overrides?: Readonly<Record<string, TopicSettings>>;
}

/** What one topic is created with. */
export interface ResolvedSettings {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

/** What settings of topics depend on, of the configuration. */
export interface TopicContext {
  readonly prefix?: string;
  readonly topics?: TopicRules;
  readonly maxRecordBytes?: number;
}

/** Kafka's name for the bound on a record batch. */
export const RECORD_LIMIT = 'max.message.bytes';

const DEFAULT_PARTITIONS = 4;
const DEFAULT_REPLICATION = 1;

/**
 * Settings of one topic: the general ones, then every override whose pattern fits, in the order they are written. A
 * pattern (`*` stands for anything) is compared with the whole name and with the name behind `<prefix>.`, so that
 * `public.orders` means the table's topic.
 */
export function topicSettings(
  topic: string,
  { prefix, topics: rules = {}, maxRecordBytes }: TopicContext,
): ResolvedSettings {
  const names =
    prefix !== undefined && topic.startsWith(`${prefix}.`)
      ? [topic, topic.slice(prefix.length + 1)]
      : [topic];
  const layers: TopicSettings[] = [rules];
  for (const [pattern, settings] of Object.entries(rules.overrides ?? {})) {
    if (names.some((name) => patternOf(pattern).test(name))) layers.push(settings);
  }
  let partitions = DEFAULT_PARTITIONS;
  let replicationFactor = DEFAULT_REPLICATION;
  const config: Record<string, string> =
    maxRecordBytes === undefined ? {} : { [RECORD_LIMIT]: String(maxRecordBytes) };
  for (const layer of layers) {
    partitions = layer.partitions ?? partitions;
    replicationFactor = layer.replicationFactor ?? replicationFactor;
    if (layer.cleanupPolicy !== undefined) config['cleanup.policy'] = layer.cleanupPolicy;
    if (layer.retentionMs !== undefined) config['retention.ms'] = String(layer.retentionMs);
    if (layer.retentionBytes !== undefined) config['retention.bytes'] = String(layer.retentionBytes);
    for (const [name, value] of Object.entries(layer.config ?? {})) config[name] = String(value);
  }
  return { partitions, replicationFactor, config };
}

function patternOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** An existing topic as the brokers describe it. */
export interface ExistingTopic {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: ReadonlyMap<string, string | null>;
}

/** Where an existing topic is not what is asked for, one sentence part each; more partitions than asked for are fine. */
export function topicDifferences(wanted: ResolvedSettings, existing: ExistingTopic): string[] {
  const differences: string[] = [];
  if (existing.partitions < wanted.partitions)
    differences.push(`${existing.partitions} partitions where ${wanted.partitions} are asked for`);
  if (existing.replicationFactor < wanted.replicationFactor)
    differences.push(
      `${existing.replicationFactor} replicas where ${wanted.replicationFactor} are asked for`,
    );
  for (const [name, value] of Object.entries(wanted.config)) {
    const found = existing.config.get(name);
    if (typeof found === 'string' && !sameSetting(name, found, value))
      differences.push(`${name} is ${found || '(empty)'} where ${value} is asked for`);
  }
  return differences;
}

// Kafka prints lists such as cleanup.policy in an order of its own.
function sameSetting(name: string, a: string, b: string): boolean {
  if (name === RECORD_LIMIT) return Number(a) >= Number(b);
  const items = (text: string): string =>
    text
      .split(',')
      .map((item) => item.trim().toLowerCase())
      .sort()
      .join();
  return items(a) === items(b);
}
