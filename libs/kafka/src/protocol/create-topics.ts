import type { KafkaApi } from './api.ts';

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface CreateTopicResult {
  readonly topic: string;
  readonly errorCode: number;
  readonly message: string | null;
}

export const createTopicsApi: KafkaApi<
  { readonly topics: readonly NewTopic[]; readonly timeoutMs: number },
  CreateTopicResult[]
> = {
  key: 19,
  version: 4,
  name: 'CreateTopics',
  flexible: false,
  encode(out, { topics, timeoutMs }) {
    out.array(topics, ({ topic, partitions, replicationFactor, config }) => {
      out.string(topic).int32(partitions).int16(replicationFactor);
      out.int32(0); // no manual replica assignment
      out.array(Object.entries(config), ([name, value]) => out.string(name).string(value));
    });
    out.int32(timeoutMs).bool(false);
  },
  decode(input) {
    input.int32(); // throttle time
    return input.array(() => ({
      topic: input.string(),
      errorCode: input.int16(),
      message: input.nullableString(),
    }));
  },
};
