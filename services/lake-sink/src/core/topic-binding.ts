import {
  capturedBy,
  capturedDatabases,
  tableConfig,
  tableHistories,
  type CapturedDatabase,
  type HasivuConfig,
} from '@hasivu/config';
import { topicNames, topicPart } from '@hasivu/change-events';
import type { PageCodec } from '@hasivu/delta';
import { historyForm, type HistoryForm } from './history/history-form.ts';
import { lakeName } from './lake-name.ts';
import { parsePartitionBy, type PartitionColumn } from './partition-spec.ts';
import { feedUse, type FeedUse } from './feed-use.ts';
import type { VectorUse } from './vector-policy.ts';

/** What one topic feeds in the lake. */
export interface TopicBinding {
  readonly topic: string;
  /** `public.orders`, or `curated.<pipeline>.<output>`; the label in metrics and logs. */
  readonly table: string;
  /** Root of the append-only change log; null for none. */
  readonly logRoot: string | null;
  /** Root of the current state; null for none. */
  readonly stateRoot: string | null;
  /** One table at one root: the current state where the topic has a key, else a log. */
  readonly isEither: boolean;
  readonly partitions: readonly PartitionColumn[];
  /** Whether the current state may be kept with deletion vectors. */
  readonly vectors: VectorUse;
  /** Columns keep what they are when the source renames them: by Delta's column mapping. */
  readonly mapsColumns: boolean;
  /** What becomes of the current state's columns that the source drops. */
  readonly onDrop: 'drop' | 'keep';
  /** Whether the current state keeps its changes. */
  readonly feed: FeedUse;
  /** CHECK constraints of the current state, by name. */
  readonly checks: Readonly<Record<string, string>>;
  /** Generated columns of the current state: by lake name what each is computed by, in Spark's SQL. */
  readonly generated: Readonly<Record<string, string>>;
  readonly histories: readonly HistoryForm[];
  /** What data files are compressed with; null: what the table says. */
  readonly codec: PageCodec | null;
}

/** Bindings of the topics that exist and that the configuration asks for. */
export function bindTopics(config: HasivuConfig, existing: readonly string[]): TopicBinding[] {
  const curated = new Map(
    config.pipelines.map((pipeline) => [
      topicNames(config.kafka.prefix).curated(pipeline.name, pipeline.to),
      pipeline,
    ]),
  );
  // The longest first: one prefix may begin with another.
  const databases = capturedDatabases(config).sort((a, b) => b.prefix.length - a.prefix.length);
  const bindings: TopicBinding[] = [];
  for (const topic of existing) {
    const pipeline = curated.get(topic);
    if (pipeline !== undefined) {
      const root = `curated/${topicPart(pipeline.name)}/${topicPart(pipeline.to)}`;
      const table = `curated.${pipeline.name}.${pipeline.to}`;
      bindings.push({
        topic,
        table,
        logRoot: root,
        stateRoot: root,
        isEither: true,
        partitions: [],
        vectors: vectorUse(config, undefined),
        mapsColumns: mapsColumns(config),
        onDrop: 'keep',
        feed: feedUse(undefined),
        checks: {},
        generated: {},
        histories: [],
        codec: config.lake?.compression ?? null,
      });
      continue;
    }
    const binding = bindTable(config, databases, topic);
    if (binding !== null) bindings.push(binding);
  }
  return bindings;
}

const OTHER_TOPICS = /\.(quarantine|dlq)$/;

function bindTable(
  config: HasivuConfig,
  databases: readonly CapturedDatabase[],
  topic: string,
): TopicBinding | null {
  const database = databases.find((one) => topic.startsWith(`${one.prefix}.`));
  const prefix = database?.prefix ?? config.kafka.prefix;
  if (!topic.startsWith(`${prefix}.`) || OTHER_TOPICS.test(topic)) return null;
  const rest = topic.slice(prefix.length + 1);
  const dot = rest.indexOf('.');
  if (dot <= 0 || dot === rest.length - 1) return null;
  const schema = rest.slice(0, dot);
  const name = rest.slice(dot + 1);
  if (schema === 'curated' || schema === 'events') return null;
  const table = configuredName(config, `${schema}.${name}`);
  if (
    config.source !== undefined &&
    (database === undefined ||
      !capturedBy(
        database.postgres.tables.map(asTopicPart),
        `${schema}.${name}`,
        database.postgres.exclude.map(asTopicPart),
      ))
  )
    return null;
  const wanted = tableConfig(config, table);
  if (!wanted.bronze && !wanted.silver) return null;
  // Tables of databases with a name are in folders with that name: they may be called the same.
  const of = database === undefined || database.name === null ? '' : `${database.name}.`;
  return {
    topic,
    table: `${of}${table}`,
    logRoot: wanted.bronze ? `bronze/${of}${schema}/${name}` : null,
    stateRoot: wanted.silver ? `silver/${of}${schema}/${name}` : null,
    isEither: false,
    partitions: parsePartitionBy(wanted.partitionBy).map((part) => ({
      ...part,
      source: lakeName(part.source),
      name: lakeName(part.name),
    })),
    vectors: vectorUse(config, wanted.deletionVectors),
    mapsColumns: mapsColumns(config),
    onDrop: wanted.onDrop ?? 'keep',
    feed: feedUse(wanted.changeDataFeed),
    checks: wanted.constraints ?? {},
    generated: wanted.generated ?? {},
    histories: tableHistories(table, wanted).map((one) => historyForm(one, `history/${of}${schema}`)),
    codec: wanted.compression ?? config.lake?.compression ?? null,
  };
}

function vectorUse(config: HasivuConfig, own: boolean | undefined): VectorUse {
  if (own !== undefined) return own ? 'always' : 'never';
  return config.lake?.deletionVectors.enabled === false ? 'never' : 'large';
}

function mapsColumns(config: HasivuConfig): boolean {
  return config.lake?.columnMapping !== 'never';
}

/** The entry of `tables` whose name became this topic name: characters that Kafka refuses were replaced. */
function configuredName(config: HasivuConfig, topicTable: string): string {
  return Object.keys(config.tables).find((table) => asTopicPart(table) === topicTable) ?? topicTable;
}

function asTopicPart(table: string): string {
  const partOf = (name: string): string => name.split('*').map(topicPart).join('*');
  return table.split('.').map(partOf).join('.');
}
