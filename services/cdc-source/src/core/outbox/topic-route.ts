import { topicPart } from '@hasivu/change-events';

/** Makes topics of route values: a group of the pattern takes the place of its `${name}`. */
export class TopicRoute {
  readonly #pattern: RegExp;
  readonly #replacement: string;

  constructor(pattern: string, topic: string) {
    this.#pattern = new RegExp(`^(?:${pattern})$`, 's');
    this.#replacement = topic.replace(/\$\{([^}]+)\}/g, (_, name: string) =>
      /^\d+$/.test(name) ? `$${name}` : `$<${name}>`,
    );
  }

  /** A value that the pattern does not fit is the topic itself. Characters that Kafka refuses become `_`. */
  topicOf(value: string): string {
    return topicPart(this.#pattern.test(value) ? value.replace(this.#pattern, this.#replacement) : value);
  }
}
