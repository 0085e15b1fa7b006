import { formatLsn, type EnvelopeReader, type TopicNames } from '@hasivu/change-events';

import type { Violation } from './outcome.ts';
import type { Headers, RecordSink, SourceRecord } from './record-sink.ts';

/** Where a record stood. */
export interface SourcePlace {
  readonly topic: string;
  readonly partition: number;
}

/** Puts rows that broke a rule, and bytes that are no event, aside: the original bytes, with headers that tell why. */
export class SetAside {
  readonly #sink: RecordSink;
  readonly #names: TopicNames;
  readonly #partitions: ReadonlyMap<string, number>;

  /** @param partitions number of partitions by topic */
  constructor(sink: RecordSink, names: TopicNames, partitions: ReadonlyMap<string, number>) {
    this.#sink = sink;
    this.#names = names;
    this.#partitions = partitions;
  }

  /** `rule`, `rule_fingerprint` and `reason` are those of the first broken rule; `violations` has them all as JSON. */
  quarantine(
    record: SourceRecord,
    place: SourcePlace,
    pipeline: string,
    reader: EnvelopeReader,
    violations: readonly Violation[],
  ): void {
    const [first] = violations;
    if (!first) return;
    this.#append(this.#names.quarantine(place.topic), record, place, [
      ['rule', first.rule],
      ['rule_fingerprint', first.fingerprint],
      ['reason', first.reason],
      ['violations', JSON.stringify(violations)],
      ['pipeline', pipeline],
      ['lsn', formatLsn(reader.commitLsn)],
      ['seq', String(reader.seq)],
    ]);
  }

  deadLetter(record: SourceRecord, place: SourcePlace, reason: string): void {
    this.#append(this.#names.dlq(place.topic), record, place, [
      ['reason', reason],
      ['service', 'stream-processor'],
    ]);
  }

  #append(topic: string, record: SourceRecord, place: SourcePlace, why: Headers): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
    const headers: Headers = [
      ...record.headers(),
      ...why,
      ['source_topic', place.topic],
      ['source_partition', String(place.partition)],
      ['source_offset', String(record.offset)],
    ];
    this.#sink.append(
      topic,
      place.partition % (this.#partitions.get(topic) ?? 1),
      keyStart < 0 ? null : buffer,
      Math.max(0, keyStart),
      Math.max(0, keyEnd),
      valueStart < 0 ? null : buffer,
      Math.max(0, valueStart),
      Math.max(0, valueEnd),
      record.timestampMs,
      headers,
    );
  }
}
