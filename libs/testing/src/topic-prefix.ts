import { Kafka, logLevel } from 'kafkajs';
import { demandSuffix } from './server-suffix.ts';
import { stack } from './stack.ts';
import { uniqueName } from './unique-name.ts';

/** A prefix of this test alone; disposing it deletes every topic and consumer group that begins with it. */
export interface TopicPrefix extends AsyncDisposable {
  readonly prefix: string;
  readonly brokers: readonly string[];
  readonly registry: string;
}

export function topicPrefix(label?: string): TopicPrefix {
  demandSuffix('topicPrefix()', 'kafka', 'registry');
  const prefix = uniqueName(label);
  const { kafka, registry } = stack();
  return {
    prefix,
    brokers: kafka.brokers,
    registry: registry.url,
    [Symbol.asyncDispose]: () => deleteTopics(kafka.brokers, prefix),
  };
}

async function deleteTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = new Kafka({
    clientId: 'hasivu-testing',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
