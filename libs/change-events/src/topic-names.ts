/** Topic names of one installation; the prefix keeps several apart on one cluster. */
export interface TopicNames {
  /** Change events of a table. */
  change(schema: string, table: string): string;
  /** Output of a pipeline. */
  curated(pipeline: string, output: string): string;
  /** Rows of `topic` that broke a rule. */
  quarantine(topic: string): string;
  /** Bytes of `topic` that could not be decoded or processed. */
  dlq(topic: string): string;
  readonly lineage: string;
  readonly schemaChanges: string;
  readonly transactions: string;
  /** Logical messages, under Debezium's name. */
  readonly message: string;
  /** Compacted: the source's own progress, committed in the same Kafka transaction as the records it covers. */
  readonly progress: string;
}

/** Kafka allows letters, digits, `.`, `_` and `-`; anything else in a table's name becomes `_`. */
export function topicPart(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_');
}

export function topicNames(prefix: string): TopicNames {
  return {
    change: (schema, table) => `${prefix}.${topicPart(schema)}.${topicPart(table)}`,
    curated: (pipeline, output) => `${prefix}.curated.${topicPart(pipeline)}.${topicPart(output)}`,
    quarantine: (topic) => `${topic}.quarantine`,
    dlq: (topic) => `${topic}.dlq`,
    lineage: `${prefix}.lineage`,
    schemaChanges: `${prefix}.schema-changes`,
    transactions: `${prefix}.transactions`,
    message: `${prefix}.message`,
    progress: `${prefix}.progress`,
  };
}
