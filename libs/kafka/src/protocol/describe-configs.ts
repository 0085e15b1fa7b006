import type { KafkaApi } from './api.ts';

const TOPIC_RESOURCE = 2;

export interface TopicConfigs {
  readonly topic: string;
  readonly errorCode: number;
  /** Effective values by Kafka's names, defaults of the brokers included; null where the broker hides one. */
  readonly configs: ReadonlyMap<string, string | null>;
}

export interface DescribedTopic {
  readonly topic: string;
  /** Settings to read. */
  readonly names: readonly string[];
}

export const describeConfigsApi: KafkaApi<readonly DescribedTopic[], TopicConfigs[]> = {
  key: 32,
  version: 2,
  name: 'DescribeConfigs',
  flexible: false,
  encode(out, topics) {
    out.array(topics, ({ topic, names }) => {
      out.int8(TOPIC_RESOURCE).string(topic);
      out.array(names, (name) => out.string(name));
    });
    out.bool(false); // no synonyms
  },
  decode(input) {
    input.int32(); // throttle time
    return input.array(() => {
      const errorCode = input.int16();
      input.nullableString(); // message
      input.int8(); // resource type
      const topic = input.string();
      const configs = input.array((): [string, string | null] => {
        const name = input.string();
        const value = input.nullableString();
        input.bool(); // read only
        input.int8(); // source
        input.bool(); // sensitive
        input.array(() => [input.string(), input.nullableString(), input.int8()]);
        return [name, value];
      });
      return { topic, errorCode, configs: new Map(configs) };
    });
  },
};
