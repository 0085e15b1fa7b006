import type { RecordCursor } from '@hasivu/kafka';

/** What the sink needs of a producer. */
export interface DeadLetterProducer {
  append(
    topic: string,
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers?: readonly (readonly [string, Buffer | string])[],
  ): void;
  flush(): Promise<void>;
}

export interface DeadLetterOrigin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Code and reason; never a value. */
  readonly reason: string;
}

/** Sends records that cannot be decoded, byte for byte, to the topic's `.dlq`. */
export class DeadLetters {
  readonly #producer: DeadLetterProducer;
  readonly #prepare: (topic: string) => Promise<void>;
  readonly #counted: (origin: DeadLetterOrigin) => void;
  readonly #ready = new Set<string>();

  /** @param prepare creates the dead-letter topic @param counted counts and logs one */
  constructor(
    producer: DeadLetterProducer,
    prepare: (topic: string) => Promise<void>,
    counted: (origin: DeadLetterOrigin) => void,
  ) {
    this.#producer = producer;
    this.#prepare = prepare;
    this.#counted = counted;
  }

  async send(cursor: RecordCursor, origin: DeadLetterOrigin): Promise<void> {
    const key = cursor.copyKey();
    const value = cursor.copyValue();
    const topic = `${origin.topic}.dlq`;
    if (!this.#ready.has(topic)) {
      await this.#prepare(topic);
      this.#ready.add(topic);
    }
    this.#producer.append(
      topic,
      0,
      key,
      0,
      key?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
      cursor.timestampMs,
      [
        ['hasivu.origin.topic', origin.topic],
        ['hasivu.origin.partition', String(origin.partition)],
        ['hasivu.origin.offset', String(origin.offset)],
        ['hasivu.reason', origin.reason],
      ],
    );
    this.#counted(origin);
  }

  /** Before the offsets of dead-lettered records are committed. */
  flush(): Promise<void> {
    return this.#producer.flush();
  }
}
