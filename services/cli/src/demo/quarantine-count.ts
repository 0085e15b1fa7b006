import { topicNames } from '@hasivu/change-events';
import type { KafkaCluster } from '@hasivu/kafka';
import { PayloadDecoder, type SchemaSource } from '../tail/payload-decoder.ts';
import { readTopic } from '../tail/topic-reader.ts';

export interface QuarantineFacts {
  readonly cluster: KafkaCluster;
  readonly schemas: SchemaSource;
  readonly prefix: string;
  readonly signal: AbortSignal;
}

/** Header of a quarantined record that names the first rule it broke. */
const RULE_HEADER = 'rule';

/** Records in the quarantine of the orders, by the rule that each names. */
export async function countQuarantined({
  cluster,
  schemas,
  prefix,
  signal,
}: QuarantineFacts): Promise<Map<string, number>> {
  const names = topicNames(prefix);
  const topic = names.quarantine(names.change('public', 'orders'));
  const counts = new Map<string, number>();
  if (!(await cluster.listTopics()).includes(topic)) return counts;
  for await (const record of readTopic(cluster, new PayloadDecoder(schemas), {
    topic,
    from: 'beginning',
    signal,
    untilEnd: true,
  })) {
    const rule = record.headers.get(RULE_HEADER) ?? 'no rule named';
    const name = rule.startsWith('"') ? String(JSON.parse(rule)) : rule;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
